import { z } from 'zod'
import { requireTenant } from '../../../shared/context.ts'
import type { NodeMetrics, NodeMetricsQuery, NodesQuery } from '../../../shared/contract/node-metrics.ts'
import type { SeriesInput } from '../../../shared/contract/series.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Ctx } from '../deps.ts'
import { matching } from '../rows/matching.ts'
import { readerOf } from '../rows/reader.ts'
import { whole, wholeOrNull } from '../rows/row.ts'
import { fragment } from '../rows/source.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { type Measure, readSeries } from '../series/series.ts'

const quantity = z.number().nullable()
const Sums = z.object({
  ...{ hosts: whole, polls: whole, healthy: whole, unhealthy_reasons: z.array(z.string()) },
  ...{ cpu: quantity, cpu_max: quantity, memory: quantity, memory_max: quantity, shm: quantity },
  ...{ sent: quantity, sent_max: quantity, received: quantity, network_sent: quantity, network_received: quantity },
  ...{ streams: quantity, viewers: quantity, viewers_max: wholeOrNull },
})
type Figures = Omit<NodeMetrics['points'][number], 'at'>

const nothing = {
  ...{ hosts: 0, polls: 0, healthy: 0, unhealthy_reasons: [] },
  ...{ cpu: null, cpu_max: null, memory: null, memory_max: null, shm: null },
  ...{ sent: null, sent_max: null, received: null, network_sent: null, network_received: null },
  ...{ streams: null, viewers: null, viewers_max: null },
}

const measure: Measure<typeof Sums, Figures> = {
  columns: fragment`uniqExact(node_id) AS hosts, count() AS polls, countIf(seen.healthy) AS healthy,
    arraySort(groupUniqArrayArray(seen.unhealthy_reasons)) AS unhealthy_reasons,
    avg(cpu_percent) AS cpu, max(cpu_percent) AS cpu_max,
    sumIf(memory_used_bytes, memory_total_bytes > 0) / nullIf(sumIf(memory_total_bytes, memory_used_bytes IS NOT NULL), 0) * 100 AS memory,
    max(memory_used_bytes / nullIf(memory_total_bytes, 0)) * 100 AS memory_max,
    sumIf(shm_used_bytes, shm_total_bytes > 0) / nullIf(sumIf(shm_total_bytes, shm_used_bytes IS NOT NULL), 0) * 100 AS shm,
    avg(media_egress_bytes_per_second) AS sent, max(media_egress_bytes_per_second) AS sent_max,
    avg(media_ingress_bytes_per_second) AS received, avg(network_egress_bytes_per_second) AS network_sent,
    avg(network_ingress_bytes_per_second) AS network_received, avg(seen.streams) AS streams,
    max(seen.viewers) AS viewers_max, avg(seen.viewers) AS viewers,
    sum(ifNull(media_egress_bytes_per_second, 0)) AS sent_sum`,
  sums: Sums,
  nothing,
  rank: fragment`sent_sum`,
  toFigures: (sums) => ({
    ...{ hosts: sums.hosts, polls: sums.polls, unhealthy_reasons: sums.unhealthy_reasons },
    healthy_ratio: sums.polls === 0 ? null : sums.healthy / sums.polls,
    ...{ cpu_percent: sums.cpu, cpu_percent_max: sums.cpu_max },
    ...{ memory_percent: sums.memory, memory_percent_max: sums.memory_max, shm_percent: sums.shm },
    ...{ media_egress_bytes_per_second: sums.sent, media_egress_bytes_per_second_max: sums.sent_max },
    media_ingress_bytes_per_second: sums.received,
    network_egress_bytes_per_second: sums.network_sent,
    network_ingress_bytes_per_second: sums.network_received,
    ...{ streams: sums.streams, viewers: sums.viewers, viewers_max: sums.viewers_max },
  }),
}

/** How the media hosts of the caller's clusters did over a range, in buckets and groups. */
export async function readNodes(ctx: Ctx, query: NodesQuery): Promise<NodeMetrics> {
  const { node_id, cluster_id } = query
  return readMetrics(ctx, query, { node_id, cluster_id })
}

/** How one media host did; 404 for one that was never heard of, or is another tenant's. */
export async function readNode(ctx: Ctx, node_id: string, query: NodeMetricsQuery): Promise<NodeMetrics> {
  const tenant_id = requireTenant(ctx, 'analytics:read')
  const known = await ctx.db.within({ tenant_id }, (tx) =>
    tx.selectFrom('node_state').select('node_id').where('node_id', '=', node_id).executeTakeFirst(),
  )
  if (known === undefined) throw new Fault('not_found', 'node_not_found', 'There is no such media host.')
  return readMetrics(ctx, query, { node_id })
}

function readMetrics(ctx: Ctx, query: SeriesInput, filters: Record<string, string | undefined>) {
  const reader = readerOf(ctx)
  const polls = matching(reader, reader.rows('node_samples', { from: query.from, to: query.to }), filters)
  const bucketed = reader.derive`SELECT *, ${bucketOf(query, fragment`occurred_at`)} AS at FROM ${polls} AS polled`
  return readSeries(reader, query, bucketed, measure)
}
