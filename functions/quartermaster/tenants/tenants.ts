export * as Tenants from './tenants.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireService, requireTenant } from '../../../shared/context.ts'
import type {
  CreateTenantRequest,
  Tenant,
  TenantClusters,
  TenantStatus,
} from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

type Info = z.infer<typeof Tenant>

/** Services that may ask which clusters serve a tenant. */
const ROUTING_READERS = ['commodore', 'decklog', 'foghorn', 'periscope-query', 'purser', 'signalman'] as const

/** The tenant of a provisioning key, made at its first use; for Commodore only. */
export async function ensure(ctx: Ctx, input: z.infer<typeof CreateTenantRequest>): Promise<Info> {
  requireService(ctx, 'commodore')
  const { provisioning_key, name } = input
  const id = newId('tenant')
  return ctx.db.within({ tenant_id: id, lookup: provisioning_key }, async (tx) => {
    const made = await tx
      .insertInto('tenants')
      .values({ id, provisioning_key, name, created_at: ctx.now() })
      .onConflict((conflict) => conflict.column('provisioning_key').doNothing())
      .executeTakeFirstOrThrow()
    if (made.numInsertedOrUpdatedRows) await audit(tx, ctx, { action: 'tenant.created', object_id: id })
    // Whichever of two callers with one key came first, both find its row.
    const row = await tx
      .selectFrom('tenants')
      .selectAll()
      .where('provisioning_key', '=', provisioning_key)
      .executeTakeFirstOrThrow()
    return toInfo(row)
  })
}

/** The caller's own tenant. */
export async function current(ctx: Ctx): Promise<Info> {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const row = await tx.selectFrom('tenants').selectAll().where('id', '=', tenantId).executeTakeFirst()
    if (!row) throw noSuchTenant()
    return toInfo(row)
  })
}

/** Whether a tenant may use the platform, and which clusters serve it: its own order, then the platform's. */
export async function clusters(ctx: Ctx, tenantId: string): Promise<z.infer<typeof TenantClusters>> {
  requireService(ctx, ...ROUTING_READERS)
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const tenant = await tx.selectFrom('tenants').select('status').where('id', '=', tenantId).executeTakeFirst()
    if (!tenant) throw noSuchTenant()
    const own = await tx
      .selectFrom('tenant_clusters')
      .select('cluster_id')
      .where('tenant_id', '=', tenantId)
      .orderBy('position')
      .orderBy('cluster_id')
      .execute()
    const platform = await tx.selectFrom('clusters').select('id').where('kind', '=', 'platform').orderBy('id').execute()
    const cluster_ids = new Set([...own.map(({ cluster_id }) => cluster_id), ...platform.map(({ id }) => id)])
    return { tenant_id: tenantId, status: tenant.status, cluster_ids: [...cluster_ids] }
  })
}

/** Suspends a tenant or lets it go on; for Purser only. */
export async function setStatus(ctx: Ctx, tenantId: string, status: z.infer<typeof TenantStatus>): Promise<Info> {
  requireService(ctx, 'purser')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('tenants').set({ status }).where('id', '=', tenantId)
    const row = await update.returningAll().executeTakeFirst()
    if (!row) throw noSuchTenant()
    await audit(tx, ctx, { action: 'tenant.status_changed', object_id: tenantId, details: { status } })
    return toInfo(row)
  })
}

function toInfo({ id, name, status, created_at }: Selectable<Tables['tenants']>): Info {
  return { id, name, status, created_at: created_at.toISOString() }
}

function noSuchTenant() {
  return new Fault('not_found', 'tenant_not_found', 'There is no such tenant.')
}
