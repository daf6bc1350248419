export * as Accounts from './accounts.ts'

import type { z } from 'zod'
import { requireUser } from '../../../shared/context.ts'
import type { Me, UpdateMe } from '../../../shared/contract/accounts.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Ctx } from '../deps.ts'
import { auditUser } from './audit-user.ts'
import { toInfo } from './user.ts'

/** The signed-in user, as things stand now and not when the token was made. */
export async function me(ctx: Ctx): Promise<z.infer<typeof Me>> {
  const { user_id, tenant_id } = requireUser(ctx)
  return ctx.db.read({ user_id }, async (tx) => {
    const user = await tx.selectFrom('users').selectAll().where('id', '=', user_id).executeTakeFirst()
    const memberships = tx.selectFrom('memberships').select('role').where('user_id', '=', user_id)
    const membership = await memberships.where('tenant_id', '=', tenant_id).executeTakeFirst()
    if (!user || !membership) throw new Fault('not_found', 'user_not_found', 'There is no such user.')
    return { user: toInfo(user), tenant: { id: tenant_id, role: membership.role } }
  })
}

/** Changes the signed-in user's profile. */
export async function update(ctx: Ctx, changes: z.infer<typeof UpdateMe>): Promise<z.infer<typeof Me>> {
  const { user_id, tenant_id } = requireUser(ctx)
  await ctx.db.within({ user_id }, async (tx) => {
    await tx.updateTable('users').set(changes).where('id', '=', user_id).execute()
    await auditUser(tx, ctx, { action: 'user.updated', user_id, tenant_id, details: { fields: Object.keys(changes) } })
  })
  return me(ctx)
}
