import { sql } from 'kysely'
import type { z } from 'zod'
import { requireService } from '../../../shared/context.ts'
import type { ReportNodeHealthRequest, ReportNodeHealthResponse } from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { enterTenant } from '../../../shared/postgres/database.ts'
import type { Ctx } from '../deps.ts'

/**
 * Takes what a cluster's Foghorn knows of its hosts, and answers what their tenant wants of them. An older report
 * changes nothing of a newer one; hosts that are not of the cluster are left out.
 */
export async function reportHealth(
  ctx: Ctx,
  { cluster_id, nodes }: z.infer<typeof ReportNodeHealthRequest>,
): Promise<z.infer<typeof ReportNodeHealthResponse>> {
  requireService(ctx, 'foghorn')
  const now_ms = ctx.now().getTime()
  const reports = nodes.map(({ age_ms, ...report }) => ({ ...report, at: new Date(now_ms - age_ms).toISOString() }))
  return ctx.db.within({ lookup: cluster_id }, async (tx) => {
    const named = tx.selectFrom('clusters').select('owner_tenant_id').where('id', '=', cluster_id)
    const cluster = await named.executeTakeFirst()
    if (!cluster) throw new Fault('not_found', 'cluster_not_found', 'There is no such cluster.')
    await enterTenant(tx, cluster.owner_tenant_id)
    await sql`
      update nodes set healthy = report.healthy, health_reasons = report.reasons, health_at = report.at,
        last_seen_at = greatest(last_seen_at, report.at)
      from jsonb_to_recordset(${JSON.stringify(reports)}::jsonb)
        as report (node_id text, healthy boolean, reasons text[], at timestamptz)
      where id = report.node_id and cluster_id = ${cluster_id} and (health_at is null or health_at < report.at)`.execute(
      tx,
    )
    const known = tx.selectFrom('nodes').select(['id', 'mode']).where('cluster_id', '=', cluster_id)
    const ids = nodes.map(({ node_id }) => node_id)
    const rows = ids.length > 0 ? await known.where('id', 'in', ids).orderBy('id').execute() : []
    return { nodes: rows.map(({ id, mode }) => ({ node_id: id, mode })) }
  })
}
