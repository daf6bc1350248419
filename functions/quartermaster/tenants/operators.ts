import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireOperator } from '../../../shared/context.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import type {
  SetTenantClusters,
  TenantProfile,
  UpdateTenantByOperator,
} from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import type { Ctx } from '../deps.ts'
import { changeStatus, noSuchTenant, toProfile } from './tenants.ts'

type Profile = z.infer<typeof TenantProfile>

/** All tenants, newest first. */
export async function listTenants(ctx: Ctx, page: z.infer<typeof PageQuery>) {
  requireOperator(ctx, 'infrastructure:read')
  return ctx.db.read({ job: 'list_tenants' }, (tx) =>
    newestFirst(tx.selectFrom('tenants').selectAll(), page, toProfile),
  )
}

export async function getTenant(ctx: Ctx, tenantId: string): Promise<Profile> {
  requireOperator(ctx, 'infrastructure:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) =>
    toProfile(await tx.selectFrom('tenants').selectAll().where('id', '=', tenantId).executeTakeFirst()),
  )
}

/** Sets what a tenant may; the entry in its audit log names the operator. */
export async function updateTenant(
  ctx: Ctx,
  tenantId: string,
  input: z.infer<typeof UpdateTenantByOperator>,
): Promise<Profile> {
  requireOperator(ctx, 'infrastructure:write')
  const { status, limits } = input
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    if (status) await changeStatus(tx, ctx.now(), { tenantId, status })
    if (limits) {
      const change = tx.updateTable('tenants').set({ limits: JSON.stringify(limits) })
      await change.where('id', '=', tenantId).execute()
    }
    const row = tx.selectFrom('tenants').selectAll().where('id', '=', tenantId)
    const profile = toProfile(await row.executeTakeFirst())
    await audit(tx, ctx, { action: 'tenant.updated_by_operator', object_id: tenantId, details: input })
    return profile
  })
}

/** Sets which clusters serve a tenant first: its own and the platform's, as the tenant itself sees them. */
export async function setTenantClusters(
  ctx: Ctx,
  tenantId: string,
  input: z.infer<typeof SetTenantClusters>,
): Promise<z.infer<typeof SetTenantClusters>> {
  requireOperator(ctx, 'infrastructure:write')
  const { cluster_ids } = input
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    // Held, so that of two orders set at once one comes after the other and neither is a mixture.
    const tenant = tx.selectFrom('tenants').select('id').where('id', '=', tenantId).forUpdate()
    if (!(await tenant.executeTakeFirst())) throw noSuchTenant()
    await tx.deleteFrom('tenant_clusters').where('tenant_id', '=', tenantId).execute()
    if (cluster_ids.length > 0) {
      const seen = await tx.selectFrom('clusters').select('id').where('id', 'in', cluster_ids).execute()
      if (seen.length < cluster_ids.length) {
        throw new Fault('not_found', 'cluster_not_found', 'A cluster is neither the tenant’s own nor the platform’s.')
      }
      const rows = cluster_ids.map((cluster_id, position) => ({ tenant_id: tenantId, cluster_id, position }))
      await tx.insertInto('tenant_clusters').values(rows).execute()
    }
    await audit(tx, ctx, { action: 'tenant.clusters_set', object_id: tenantId, details: input })
    return { cluster_ids }
  })
}
