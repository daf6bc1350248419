export * as Tenants from './tenants.ts'

import type { Selectable, Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireService, requireTenant } from '../../../shared/context.ts'
import type {
  CreateTenantRequest,
  Tenant,
  TenantClusters,
  TenantLimits,
  TenantProfile,
  TenantStatus,
  UpdateTenant,
} from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { tell } from '../tell.ts'

type Info = z.infer<typeof Tenant>
type Profile = z.infer<typeof TenantProfile>

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
export async function current(ctx: Ctx): Promise<Profile> {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const row = await tx.selectFrom('tenants').selectAll().where('id', '=', tenantId).executeTakeFirst()
    return toProfile(row)
  })
}

/** Changes what the caller's tenant says of itself. */
export async function update(ctx: Ctx, input: z.infer<typeof UpdateTenant>): Promise<Profile> {
  const tenantId = requireTenant(ctx, 'account:write')
  const { name, attributes, branding } = input
  const columns = {
    ...(name !== undefined && { name }),
    ...(attributes && { attributes: JSON.stringify(attributes) }),
    ...(branding && { branding: JSON.stringify(branding) }),
  }
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const change = tx.updateTable('tenants').set(columns).where('id', '=', tenantId)
    const profile = toProfile(await change.returningAll().executeTakeFirst())
    await audit(tx, ctx, { action: 'tenant.updated', object_id: tenantId, details: input })
    return profile
  })
}

/** Whether a tenant may use the platform, and which clusters serve it: its own order, then the platform's. */
export async function clusters(ctx: Ctx, tenantId: string): Promise<z.infer<typeof TenantClusters>> {
  requireService(ctx, ...ROUTING_READERS)
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const named = tx.selectFrom('tenants').select(['status', 'limits']).where('id', '=', tenantId)
    const tenant = await named.executeTakeFirst()
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
    const { status, limits } = tenant
    return { tenant_id: tenantId, status, limits: withDefaults(limits), cluster_ids: [...cluster_ids] }
  })
}

/** Suspends a tenant or lets it go on; for Purser only. */
export async function setStatus(ctx: Ctx, tenantId: string, status: TenantStatus): Promise<Info> {
  requireService(ctx, 'purser')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const row = await changeStatus(tx, ctx.now(), { tenantId, status })
    await audit(tx, ctx, { action: 'tenant.status_changed', object_id: tenantId, details: { status } })
    return toInfo(row)
  })
}

const occurrenceOf = { active: 'tenant.activated', unpaid: 'tenant.unpaid', suspended: 'tenant.suspended' } as const

/** Sets a tenant's status, of which it is told when it is another one; 404 for no tenant. */
export async function changeStatus(
  tx: Transaction<Tables>,
  now: Date,
  { tenantId, status }: { tenantId: string; status: TenantStatus },
) {
  const named = tx.selectFrom('tenants').selectAll().where('id', '=', tenantId)
  const before = await named.forUpdate().executeTakeFirst()
  if (!before) throw noSuchTenant()
  if (before.status === status) return before
  await tx.updateTable('tenants').set({ status }).where('id', '=', tenantId).execute()
  await tell(tx, now, { tenant_id: tenantId, type: occurrenceOf[status], subject: tenantId, data: { status } })
  return { ...before, status }
}

function toInfo({ id, name, status, created_at }: Selectable<Tables['tenants']>): Info {
  return { id, name, status, created_at: created_at.toISOString() }
}

/** The profile of a row; 404 without one. */
export function toProfile(row: Selectable<Tables['tenants']> | undefined): Profile {
  if (!row) throw noSuchTenant()
  const { attributes, branding, limits } = row
  return { ...toInfo(row), attributes, branding, limits: withDefaults(limits) }
}

function withDefaults({ streams = null, private_clusters = null }: Partial<TenantLimits>): TenantLimits {
  return { streams, private_clusters }
}

export function noSuchTenant() {
  return new Fault('not_found', 'tenant_not_found', 'There is no such tenant.')
}
