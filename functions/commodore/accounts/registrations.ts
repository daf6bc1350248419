export * as Registrations from './registrations.ts'

import type { z } from 'zod'
import type {
  RegisterRequest,
  RegisterResponse,
  VerifyEmailRequest,
  VerifyEmailResponse,
} from '../../../shared/contract/accounts.ts'
import { NAME_LENGTH_MAX } from '../../../shared/contract/fields.ts'
import { newId } from '../../../shared/ids.ts'
import { enqueue } from '../../../shared/outbox/enqueue.ts'
import { enterUser } from '../../../shared/postgres/database.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import { MAIL_TO, ofAddress, REGISTER_OF_ADDRESS, TOKEN_OF_ADDRESS } from '../throttle/allowances.ts'
import { take } from '../throttle/throttle.ts'
import { MAILED_TOKEN_SECONDS, redeemMailed, refusedToken } from './mailed-tokens.ts'
import { hashPassword } from './password.ts'
import { provision } from './provision.ts'

/**
 * Keeps what somebody wants to register and mails the address. Whether it is taken is not even looked at here, so nothing can be
 * told from the answer or its time; the mail says it to whom it concerns.
 */
export async function register(
  ctx: Ctx,
  input: z.infer<typeof RegisterRequest>,
): Promise<z.infer<typeof RegisterResponse>> {
  const { email, tenant_name = email.slice(0, NAME_LENGTH_MAX) } = input
  await take(ctx, ...ofAddress(ctx, REGISTER_OF_ADDRESS), { allowance: MAIL_TO, subject: email })
  const now = ctx.now()
  const expires_at = new Date(now.getTime() + MAILED_TOKEN_SECONDS.verification * 1000)
  const hash = await hashPassword(input.password)
  const row = { id: newId('registration'), email, hash, tenant_name, created_at: now, expires_at }
  await ctx.db.within({ lookup: email }, async (tx) => {
    await tx.insertInto('registrations').values(row).execute()
    const payload = { email, registration_id: row.id }
    await enqueue(tx, { kind: 'mail.verification', tenant_id: null, payload }, now)
  })
  return { email, next: 'verify_email' }
}

/** Mails the newest registration of an address once more, if there is one. */
export async function resend(ctx: Ctx, { email }: { email: string }): Promise<void> {
  await take(ctx, ...ofAddress(ctx, REGISTER_OF_ADDRESS), { allowance: MAIL_TO, subject: email })
  const message = { kind: 'mail.verification', tenant_id: null, payload: { email } }
  await ctx.db.within({}, (tx) => enqueue(tx, message, ctx.now()))
}

/** Makes the user of a registration whose mail was read, and the user's own tenant. */
export async function verify(
  ctx: Ctx,
  { token }: z.infer<typeof VerifyEmailRequest>,
): Promise<z.infer<typeof VerifyEmailResponse>> {
  await take(ctx, ...ofAddress(ctx, TOKEN_OF_ADDRESS))
  const lookup = await sha256Hex(token)
  const now = ctx.now()
  const user = await ctx.db.within({ lookup }, async (tx) => {
    const { email, object_id } = await redeemMailed(tx, 'verification', lookup, now)
    const gone = await tx.deleteFrom('registrations').where('email', '=', email).returningAll().execute()
    const wanted = gone.find(({ id }) => id === object_id)
    if (!wanted) throw refusedToken()
    const id = newId('user')
    await enterUser(tx, id)
    const insert = tx.insertInto('users').values({ id, email, created_at: now, tenant_name: wanted.tenant_name })
    const made = insert.onConflict((conflict) => conflict.column('email').doNothing()).returningAll()
    const row = await made.executeTakeFirst()
    // The address got its user by another link in the meantime.
    if (!row) throw refusedToken()
    await tx.insertInto('passwords').values({ user_id: id, hash: wanted.hash, changed_at: now }).execute()
    return row
  })
  // The user is there whatever happens now; signing in makes the tenant if this could not.
  await provision(ctx, user).catch((error) => ctx.log.warn('the tenant is not made yet', { error }))
  return { email: user.email, next: 'login' }
}
