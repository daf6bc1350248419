export * as Accounts from './accounts.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { call } from '../../../shared/client/client.ts'
import { requireUser } from '../../../shared/context.ts'
import type {
  LoginRequest,
  LoginResponse,
  Me,
  RegisterRequest,
  RegisterResponse,
} from '../../../shared/contract/accounts.ts'
import { NAME_LENGTH_MAX } from '../../../shared/contract/fields.ts'
import { createTenant } from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import { Sessions } from '../sessions/sessions.ts'
import type { Tables } from '../tables.ts'
import { checkPassword, hashPassword } from './password.ts'
import { toInfo } from './user.ts'

type Row = Selectable<Tables['users']>

/**
 * A new user with a new tenant of which it is the owner. A taken address gets the same answer by the same steps, and
 * changes nothing of what is there; a registration that broke half-way is completed.
 */
export async function register(
  ctx: Ctx,
  input: z.infer<typeof RegisterRequest>,
): Promise<z.infer<typeof RegisterResponse>> {
  const { email, tenant_name = email.slice(0, NAME_LENGTH_MAX) } = input
  const hash = await hashPassword(input.password)
  const id = newId('user')
  const user = await ctx.db.within({ user_id: id, lookup: email }, async (tx) => {
    const insert = tx.insertInto('users').values({ id, email, created_at: ctx.now() })
    await insert.onConflict((conflict) => conflict.column('email').doNothing()).execute()
    const row = await tx.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirstOrThrow()
    if (row.id === id) await tx.insertInto('passwords').values({ user_id: id, hash, changed_at: ctx.now() }).execute()
    return row
  })
  await provision(ctx, user, tenant_name)
  return { email, next: 'login' }
}

/** A session for a user who knows the password; an unknown address takes as long to be refused. */
export async function login(ctx: Ctx, input: z.infer<typeof LoginRequest>): Promise<z.infer<typeof LoginResponse>> {
  const { email, password } = input
  const user = await ctx.db.within({ lookup: email }, (tx) =>
    tx.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst(),
  )
  const userId = user?.id ?? newId('user')
  const kept = await ctx.db.within({ user_id: userId }, (tx) =>
    tx.selectFrom('passwords').select('hash').where('user_id', '=', userId).executeTakeFirst(),
  )
  const right = await checkPassword(password, kept?.hash)
  if (!right || !user) throw new Fault('unauthenticated', 'invalid_credentials', 'Wrong address or password.')
  if (!user.active) throw new Fault('forbidden', 'account_disabled', 'The account is disabled.')
  if (user.tenant_id === null) await provision(ctx, user, email.slice(0, NAME_LENGTH_MAX))
  return Sessions.open(ctx, user.id)
}

/** The signed-in user, as things stand now and not when the token was made. */
export async function me(ctx: Ctx): Promise<z.infer<typeof Me>> {
  const { user_id, tenant_id } = requireUser(ctx)
  return ctx.db.within({ user_id }, async (tx) => {
    const user = await tx.selectFrom('users').selectAll().where('id', '=', user_id).executeTakeFirst()
    const memberships = tx.selectFrom('memberships').select('role').where('user_id', '=', user_id)
    const membership = await memberships.where('tenant_id', '=', tenant_id).executeTakeFirst()
    if (!user || !membership) throw new Fault('not_found', 'user_not_found', 'There is no such user.')
    return { user: toInfo(user), tenant: { id: tenant_id, role: membership.role } }
  })
}

/** Makes sure of the user's own tenant. It is named by the user's id: an address may change hands, an id does not. */
async function provision(ctx: Ctx, user: Row, name: string): Promise<void> {
  const provisioning_key = `user:${user.id}`
  const options = { requestId: ctx.request_id }
  const tenant = await call(ctx.quartermaster, createTenant, { provisioning_key, name }, options)
  await ctx.db.within({ user_id: user.id, tenant_id: tenant.id }, async (tx) => {
    const claim = tx.updateTable('users').set({ tenant_id: tenant.id }).where('id', '=', user.id)
    const first = await claim.where('tenant_id', 'is', null).returning('id').executeTakeFirst()
    if (!first) return
    const membership = { tenant_id: tenant.id, user_id: user.id, role: 'owner', created_at: ctx.now() } as const
    await tx.insertInto('memberships').values(membership).execute()
  })
}
