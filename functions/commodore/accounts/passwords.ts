export * as Passwords from './passwords.ts'

import type { Transaction } from 'kysely'
import type { z } from 'zod'
import { requireUser } from '../../../shared/context.ts'
import type { ChangePasswordRequest, ResetPasswordRequest } from '../../../shared/contract/accounts.ts'
import { Fault } from '../../../shared/fault.ts'
import { enqueue } from '../../../shared/outbox/enqueue.ts'
import { enterUser } from '../../../shared/postgres/database.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import { Sessions } from '../sessions/sessions.ts'
import type { Tables } from '../tables.ts'
import {
  LOGIN_OF_ACCOUNT_THERE,
  MAIL_TO,
  ofAddress,
  REGISTER_OF_ADDRESS,
  TOKEN_OF_ADDRESS,
} from '../throttle/allowances.ts'
import { giveBack, take } from '../throttle/throttle.ts'
import { auditUser } from './audit-user.ts'
import { redeemMailed } from './mailed-tokens.ts'
import { checkPassword, hashPassword } from './password.ts'

/** Mails a link that sets a new password, if the address has a user; who that is, the mail's sender looks up, not this. */
export async function forget(ctx: Ctx, { email }: { email: string }): Promise<void> {
  await take(ctx, ...ofAddress(ctx, REGISTER_OF_ADDRESS), { allowance: MAIL_TO, subject: email })
  const message = { kind: 'mail.reset', tenant_id: null, payload: { email } }
  await ctx.db.within({}, (tx) => enqueue(tx, message, ctx.now()))
}

/** Sets a new password by a mailed token, and ends all of the user's sessions. */
export async function reset(ctx: Ctx, { token, password }: z.infer<typeof ResetPasswordRequest>): Promise<void> {
  await take(ctx, ...ofAddress(ctx, TOKEN_OF_ADDRESS))
  const lookup = await sha256Hex(token)
  const hash = await hashPassword(password)
  await ctx.db.within({ lookup }, async (tx) => {
    const { email, object_id: user_id } = await redeemMailed(tx, 'reset', lookup, ctx.now())
    await enterUser(tx, user_id)
    await replace(ctx, tx, { user_id, email, hash })
    const own = tx.selectFrom('users').select('tenant_id').where('id', '=', user_id)
    const { tenant_id } = await own.executeTakeFirstOrThrow()
    await auditUser(tx, ctx, { action: 'user.password_reset', user_id, tenant_id })
    await Sessions.end(ctx, tx, { user_id, reason: 'password_reset' })
  })
}

/** Changes the signed-in user's password, and ends all sessions but this one. */
export async function change(ctx: Ctx, input: z.infer<typeof ChangePasswordRequest>): Promise<void> {
  const { user_id, session_id, tenant_id } = requireUser(ctx)
  const guess = { allowance: LOGIN_OF_ACCOUNT_THERE, subject: user_id }
  await take(ctx, guess)
  const kept = await ctx.db.within({ user_id }, (tx) =>
    tx.selectFrom('passwords').select('hash').where('user_id', '=', user_id).executeTakeFirst(),
  )
  if (!(await checkPassword(input.current_password, kept?.hash))) {
    throw new Fault('forbidden', 'wrong_password', 'The current password is not right.')
  }
  await giveBack(ctx, guess)
  const hash = await hashPassword(input.new_password)
  await ctx.db.within({ user_id }, async (tx) => {
    const { email } = await tx.selectFrom('users').select('email').where('id', '=', user_id).executeTakeFirstOrThrow()
    await replace(ctx, tx, { user_id, email, hash })
    await auditUser(tx, ctx, { action: 'user.password_changed', user_id, tenant_id })
    await Sessions.end(ctx, tx, { user_id, except: session_id, reason: 'password_changed' })
  })
}

interface Replacement {
  user_id: string
  email: string
  hash: string
}

async function replace(ctx: Ctx, tx: Transaction<Tables>, { user_id, email, hash }: Replacement): Promise<void> {
  const now = ctx.now()
  await tx.updateTable('passwords').set({ hash, changed_at: now }).where('user_id', '=', user_id).execute()
  await enqueue(tx, { kind: 'mail.password-changed', tenant_id: null, payload: { email } }, now)
}
