import type { Selectable } from 'kysely'
import { call } from '../../../shared/client/client.ts'
import { NAME_LENGTH_MAX } from '../../../shared/contract/fields.ts'
import { createTenant } from '../../../shared/contract/quartermaster.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { auditUser } from './audit-user.ts'

/** Makes sure of the user's own tenant. It is named by the user's id: an address may change hands, an id does not. */
export async function provision(ctx: Ctx, user: Selectable<Tables['users']>): Promise<void> {
  const name = user.tenant_name ?? user.email.slice(0, NAME_LENGTH_MAX)
  const wanted = { provisioning_key: `user:${user.id}`, name }
  const tenant = await call(ctx.quartermaster, createTenant, wanted, { requestId: ctx.request_id })
  await ctx.db.within({ user_id: user.id, tenant_id: tenant.id }, async (tx) => {
    const claim = tx.updateTable('users').set({ tenant_id: tenant.id }).where('id', '=', user.id)
    const first = await claim.where('tenant_id', 'is', null).returning('id').executeTakeFirst()
    if (!first) return
    const membership = { tenant_id: tenant.id, user_id: user.id, role: 'owner', created_at: ctx.now() } as const
    await tx.insertInto('memberships').values(membership).execute()
    await auditUser(tx, ctx, { action: 'user.registered', user_id: user.id, tenant_id: tenant.id })
  })
}
