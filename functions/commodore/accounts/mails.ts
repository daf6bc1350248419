import { z } from 'zod'
import type { Handler } from '../../../shared/outbox/drain.ts'
import type { JobDeps } from '../jobs.ts'
import { issueMailed } from './mailed-tokens.ts'

const ToRegistration = z.object({ email: z.string(), registration_id: z.string().optional() })
const ToAddress = z.object({ email: z.string() })

/** Sends the mails about accounts. Tokens are made here, when the mail is: a repeat makes another one. */
export function createAccountMails({ db, clock, mailer, appUrl }: JobDeps): Record<string, Handler> {
  const link = (page: string, token: string) => new URL(`${page}#token=${token}`, appUrl).href
  return {
    'mail.verification': async (payload, { signal }) => {
      const { email, registration_id } = ToRegistration.parse(payload)
      const mail = await db.within({ lookup: email }, async (tx) => {
        const user = await tx.selectFrom('users').select('id').where('email', '=', email).executeTakeFirst()
        const newest = tx.selectFrom('registrations').select('id').where('email', '=', email)
        const live = newest.where('expires_at', '>', clock()).orderBy('id', 'desc')
        const wanted = registration_id === undefined ? live : live.where('id', '=', registration_id)
        const registration = await wanted.executeTakeFirst()
        if (user) return registration && known()
        if (!registration) return undefined
        const issue = { kind: 'verification', email, object_id: registration.id, now: clock() } as const
        return welcome(link('verify-email', await issueMailed(tx, issue)))
      })
      if (mail) await mailer.send({ to: email, ...mail }, signal)
    },

    'mail.reset': async (payload, { signal }) => {
      const { email } = ToAddress.parse(payload)
      const mail = await db.within({ lookup: email }, async (tx) => {
        const user = await tx.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
        if (!user?.active) return undefined
        const issue = { kind: 'reset', email, object_id: user.id, now: clock() } as const
        return forgotten(link('reset-password', await issueMailed(tx, issue)))
      })
      if (mail) await mailer.send({ to: email, ...mail }, signal)
    },

    'mail.password-changed': async (payload, { signal }) => {
      const { email } = ToAddress.parse(payload)
      await mailer.send({ to: email, ...changed(new URL('forgot-password', appUrl).href) }, signal)
    },
  }
}

function welcome(link: string) {
  const text = `Somebody, we hope you, registered this address at FrameWorks.

Follow this link within 24 hours to confirm it:
${link}

If it was not you, do nothing: without the link there is no account.
`
  return { subject: 'Confirm your address', text }
}

function known() {
  const text = `Somebody, perhaps you, tried to register this address at FrameWorks. It has an account already.

Sign in with your password; if you forgot it, ask for a new one there. If it was not you, nothing has changed.
`
  return { subject: 'You already have an account', text }
}

function forgotten(link: string) {
  const text = `Somebody, we hope you, asked to set a new password for FrameWorks.

Follow this link within an hour; it works once and signs you out everywhere:
${link}

If it was not you, do nothing: your password stays.
`
  return { subject: 'Set a new password', text }
}

function changed(link: string) {
  const text = `The password of your FrameWorks account was changed, and other sessions were ended.

If it was not you, set a new one at once: ${link}
`
  return { subject: 'Your password was changed', text }
}
