import { z } from 'zod'
import type { Handler } from '../../../shared/outbox/drain.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'
import type { JobDeps } from '../jobs.ts'

const Payload = z.object({ invitation_id: z.string() })

/** Characters after `mt_`: 200 random bits. */
const SECRET_LENGTH = 40

/** Mails an invitation; its token is made here, and a repeat replaces it. */
export function createInvitationMail({ db, clock, mailer, appUrl }: JobDeps): Record<string, Handler> {
  return {
    'mail.invitation': async (payload, { tenant_id, signal }) => {
      const { invitation_id } = Payload.parse(payload)
      const token = `mt_${randomCode(SECRET_LENGTH)}`
      const token_hash = await sha256Hex(token)
      const invitation = await db.within({ tenant_id: tenant_id ?? '' }, (tx) => {
        const update = tx.updateTable('invitations').set({ token_hash }).where('id', '=', invitation_id)
        const waiting = update.where('accepted_at', 'is', null).where('revoked_at', 'is', null)
        return waiting.where('expires_at', '>', clock()).returning('email').executeTakeFirst()
      })
      if (!invitation) return
      const link = new URL(`accept-invitation#token=${token}`, appUrl).href
      await mailer.send({ to: invitation.email, subject: 'You are invited to FrameWorks', text: textOf(link) }, signal)
    },
  }
}

function textOf(link: string): string {
  return `You are invited to work with a team on FrameWorks.

Sign in or register with this address, then follow this link within seven days:
${link}

If you do not know what this is about, do nothing.
`
}
