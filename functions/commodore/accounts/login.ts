import type { z } from 'zod'
import type { LoginRequest, LoginResponse } from '../../../shared/contract/accounts.ts'
import { Fault } from '../../../shared/fault.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import { Sessions } from '../sessions/sessions.ts'
import {
  LOGIN_OF_ACCOUNT,
  LOGIN_OF_ACCOUNT_THERE,
  LOGIN_OF_ADDRESS,
  networkOf,
  ofAddress,
} from '../throttle/allowances.ts'
import { isKnown, remember } from '../throttle/known.ts'
import { giveBack, take, type Use } from '../throttle/throttle.ts'
import { checkPassword } from './password.ts'
import { provision } from './provision.ts'

/**
 * A session for a user who knows the password. An unknown address, a taken one and a registration that is not verified all cost the
 * same two hashes, so that neither answer nor time tells them apart to who does not know the password.
 */
export async function login(ctx: Ctx, input: z.infer<typeof LoginRequest>): Promise<z.infer<typeof LoginResponse>> {
  const { email, password } = input
  const uses = await usesOf(ctx, email)
  await take(ctx, ...uses)
  const { user, registration } = await ctx.db.within({ lookup: email }, async (tx) => {
    const newest = tx.selectFrom('registrations').select('hash').where('email', '=', email)
    return {
      user: await tx.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst(),
      registration: await newest.where('expires_at', '>', ctx.now()).orderBy('id', 'desc').executeTakeFirst(),
    }
  })
  const userId = user?.id ?? newId('user')
  const kept = await ctx.db.within({ user_id: userId }, (tx) =>
    tx.selectFrom('passwords').select('hash').where('user_id', '=', userId).executeTakeFirst(),
  )
  const [right, registered] = await Promise.all([
    checkPassword(password, kept?.hash),
    checkPassword(password, registration?.hash),
  ])
  if (!right || !user) {
    // Also when the address has a user: who registers it again must not learn that from signing in.
    if (registered) throw new Fault('forbidden', 'email_not_verified', 'Follow the link in the mail first.')
    throw new Fault('unauthenticated', 'invalid_credentials', 'Wrong address or password.')
  }
  await giveBack(ctx, ...uses)
  if (!user.active) throw new Fault('forbidden', 'account_disabled', 'The account is disabled.')
  await remember(ctx, email, networkOf(ctx))
  if (user.tenant_id === null) await provision(ctx, user)
  return Sessions.open(ctx, user.id)
}

async function usesOf(ctx: Ctx, email: string): Promise<Use[]> {
  const network = networkOf(ctx)
  const uses = [
    ...ofAddress(ctx, LOGIN_OF_ADDRESS),
    { allowance: LOGIN_OF_ACCOUNT_THERE, subject: `${email} ${network}` },
  ]
  if (await isKnown(ctx, email, network)) return uses
  return [...uses, { allowance: LOGIN_OF_ACCOUNT, subject: email }]
}
