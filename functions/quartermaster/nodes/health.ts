import { sql } from 'kysely'
import type { z } from 'zod'
import { requireService } from '../../../shared/context.ts'
import type { ReportNodeHealthRequest, ReportNodeHealthResponse } from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { enterTenant } from '../../../shared/postgres/database.ts'
import type { Ctx } from '../deps.ts'
import { tell } from '../tell.ts'

interface Changed {
  id: string
  name: string
  healthy: boolean
  health_reasons: string[]
}

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
    const { rows: changed } = await sql<Changed>`
      with report as (
        select * from jsonb_to_recordset(${JSON.stringify(reports)}::jsonb)
          as report (node_id text, healthy boolean, reasons text[], at timestamptz)
      ), before as (
        select id, healthy from nodes where cluster_id = ${cluster_id} and id in (select node_id from report)
        order by id for update
      ), after as (
        update nodes set healthy = report.healthy, health_reasons = report.reasons, health_at = report.at,
          last_seen_at = greatest(last_seen_at, report.at)
        from report join before on before.id = report.node_id
        where nodes.id = before.id and (health_at is null or health_at < report.at)
        returning nodes.id, nodes.name, nodes.healthy, nodes.health_reasons, before.healthy as was_healthy
      )
      -- A host that is well from the start is no news: its enrolment was.
      select * from after where healthy is distinct from coalesce(was_healthy, true)`.execute(tx)
    for (const { id: node_id, name, healthy, health_reasons: reasons } of changed) {
      const type = healthy ? 'node.healthy' : 'node.unhealthy'
      const data = { node_id, cluster_id, name, reasons }
      await tell(tx, ctx.now(), { tenant_id: cluster.owner_tenant_id, type, subject: node_id, data })
    }
    const known = tx.selectFrom('nodes').select(['id', 'mode']).where('cluster_id', '=', cluster_id)
    const ids = nodes.map(({ node_id }) => node_id)
    const rows = ids.length > 0 ? await known.where('id', 'in', ids).orderBy('id').execute() : []
    return { nodes: rows.map(({ id, mode }) => ({ node_id: id, mode })) }
  })
}
