export * as Clusters from './clusters.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireOperator, requireService, requireTenant } from '../../../shared/context.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import type {
  Cluster,
  CreateCluster,
  ResolveClustersRequest,
  ResolveClustersResponse,
} from '../../../shared/contract/quartermaster.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
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
      await tx.insertInto('clusters').values(row).execute()
      const first = { tenant_id: tenantId, cluster_id: row.id, position: 0 }
      if (row.kind === 'private') await tx.insertInto('tenant_clusters').values(first).execute()
      await audit(tx, ctx, { action: 'cluster.created', object_id: row.id, details: input })
      return toInfo(row, tenantId)
    }),
  )
}

/** The caller's own clusters and the platform's, newest first. */
export async function list(ctx: Ctx, { limit, cursor }: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'infrastructure:read')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    let page = tx
      .selectFrom('clusters')
      .selectAll()
      .orderBy('id', 'desc')
      .limit(limit + 1)
    if (cursor !== undefined) page = page.where('id', '<', decodeCursor(cursor, 1).join())
    const { data, next_cursor } = toPage(await page.execute(), limit, (row) => [row.id])
    return { data: data.map((row) => toInfo(row, tenantId)), next_cursor }
  })
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

function toInfo(row: Selectable<Tables['clusters']>, tenantId: string): Info {
  const { id, name, kind, owner_tenant_id, created_at } = row
  return { id, name, kind, owned: owner_tenant_id === tenantId, created_at: created_at.toISOString() }
}
