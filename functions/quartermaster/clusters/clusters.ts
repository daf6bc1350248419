export * as Clusters from './clusters.ts'

import type { Selectable, Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireOperator, requireService, requireTenant } from '../../../shared/context.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import {
  type Cluster,
  type CreateCluster,
  OWNED_CLUSTERS_MAX,
  type OwnedClusters,
  PRIVATE_CLUSTERS_DEFAULT,
  type ResolveClustersRequest,
  type ResolveClustersResponse,
  type UpdateCluster,
} from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

type Info = z.infer<typeof Cluster>

/** Services that may ask whose a cluster is. */
const OWNER_READERS = ['commodore', 'decklog', 'foghorn', 'periscope-query', 'signalman'] as const

/** A new cluster of the caller's tenant; a private one serves that tenant first. Platform ones are for operators. */
export async function create(ctx: Ctx, input: z.infer<typeof CreateCluster>, key?: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'infrastructure:write')
  if (input.kind === 'platform') requireOperator(ctx, 'infrastructure:write')
  const now = ctx.now()
  const row = { id: newId('cluster'), owner_tenant_id: tenantId, ...input, created_at: now }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-cluster', input, now }, async () => {
      if (row.kind === 'private') await requireRoom(tx, tenantId)
      await tx.insertInto('clusters').values(row).execute()
      const first = { tenant_id: tenantId, cluster_id: row.id, position: 0 }
      if (row.kind === 'private') await tx.insertInto('tenant_clusters').values(first).execute()
      await audit(tx, ctx, { action: 'cluster.created', object_id: row.id, details: input })
      return toInfo(row, tenantId)
    }),
  )
}

/** The caller's own clusters and the platform's, newest first. */
export async function list(ctx: Ctx, page: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'infrastructure:read')
  return ctx.db.read({ tenant_id: tenantId }, (tx) =>
    newestFirst(tx.selectFrom('clusters').selectAll(), page, (row) => toInfo(row, tenantId)),
  )
}

/** Renames a cluster of the caller's own. */
export async function update(ctx: Ctx, id: string, { name }: z.infer<typeof UpdateCluster>): Promise<Info> {
  const tenantId = requireTenant(ctx, 'infrastructure:write')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const change = tx.updateTable('clusters').set({ name }).where('owner_tenant_id', '=', tenantId).where('id', '=', id)
    const row = await change.returningAll().executeTakeFirst()
    if (!row) throw new Fault('not_found', 'cluster_not_found', 'You have no such cluster.')
    await audit(tx, ctx, { action: 'cluster.updated', object_id: id, details: { name } })
    return toInfo(row, tenantId)
  })
}

/** Holds the tenant, so that of many new clusters at once none is one too many. */
async function requireRoom(tx: Transaction<Tables>, tenantId: string): Promise<void> {
  const tenant = tx.selectFrom('tenants').select('limits').where('id', '=', tenantId).forUpdate()
  const { limits } = (await tenant.executeTakeFirst()) ?? {}
  const most = limits?.private_clusters ?? PRIVATE_CLUSTERS_DEFAULT
  const own = tx.selectFrom('clusters').select('id').where('owner_tenant_id', '=', tenantId)
  const rows = await own.where('kind', '=', 'private').limit(most).execute()
  if (rows.length >= most) throw new Fault('conflict', 'too_many_clusters', `You may have ${most} private clusters.`)
}

/** Whose the clusters are, for services that must say whose a media host is; unknown ones are left out. */
export async function resolve(
  ctx: Ctx,
  { cluster_ids }: z.infer<typeof ResolveClustersRequest>,
): Promise<z.infer<typeof ResolveClustersResponse>> {
  requireService(ctx, ...OWNER_READERS)
  if (cluster_ids.length === 0) return { clusters: [] }
  return ctx.db.within({ lookup: cluster_ids.join() }, async (tx) => {
    const rows = await tx.selectFrom('clusters').selectAll().where('id', 'in', cluster_ids).execute()
    return { clusters: rows.map(({ id, kind, owner_tenant_id }) => ({ cluster_id: id, kind, owner_tenant_id })) }
  })
}

/** The clusters that a tenant itself runs, for Foghorn, which shows them to it; none for an unknown tenant. */
export async function owned(ctx: Ctx, tenantId: string): Promise<z.infer<typeof OwnedClusters>> {
  requireService(ctx, 'foghorn')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const own = tx.selectFrom('clusters').select(['id as cluster_id', 'name', 'kind'])
    const oldest = own.where('owner_tenant_id', '=', tenantId).orderBy('id').limit(OWNED_CLUSTERS_MAX)
    return { clusters: await oldest.execute() }
  })
}

function toInfo(row: Selectable<Tables['clusters']>, tenantId: string): Info {
  const { id, name, kind, owner_tenant_id, created_at } = row
  return { id, name, kind, owned: owner_tenant_id === tenantId, created_at: created_at.toISOString() }
}
