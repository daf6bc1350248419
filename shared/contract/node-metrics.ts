import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { NodeId } from './fields.ts'
import { Series, SeriesQuery, Word } from './series.ts'
import { Count } from './time-range.ts'

export const nodeDimensions = ['node_id', 'cluster_id'] as const

export const NodesQuery = SeriesQuery(nodeDimensions, { node_id: Word.optional(), cluster_id: Word.optional() })
export type NodesQuery = z.infer<typeof NodesQuery>

export const NodeMetricsQuery = SeriesQuery(['cluster_id'], {})
export type NodeMetricsQuery = z.infer<typeof NodeMetricsQuery>

const Percent = z.number().min(0).nullable()
const Rate = z.number().nonnegative().nullable()
const Mean = z.number().nonnegative().nullable()
const perHost = 'Mean over the polls of all hosts; a host is polled each ten seconds'

export const nodeFigures = {
  hosts: Count.describe('Different media hosts that were heard. It does not add up'),
  polls: Count.describe('Polls of hosts, which every mean is weighted by'),
  healthy_ratio: z.number().min(0).max(1).nullable().describe('Share of the polls at which the host was healthy'),
  unhealthy_reasons: z.array(z.string()).describe('Every reason why one was not, such as `memory_high`'),
  cpu_percent: Percent.describe(`${perHost}; 100 is the whole machine`),
  cpu_percent_max: Percent.describe('The busiest that one host was'),
  memory_percent: Percent.describe('Memory in use, as a share of all memory of the hosts'),
  memory_percent_max: Percent.describe('The fullest that one host was'),
  shm_percent: Percent.describe('Shared memory in use, through which MistServer moves media'),
  media_egress_bytes_per_second: Rate.describe(`Media sent by one host: ${perHost}`),
  media_egress_bytes_per_second_max: Rate.describe('The most that one host sent'),
  media_ingress_bytes_per_second: Rate.describe('Media received by one host'),
  network_egress_bytes_per_second: Rate.describe('All that a host sent over its network'),
  network_ingress_bytes_per_second: Rate.describe('All that a host received'),
  streams: Mean.describe(`Streams on one host: ${perHost}`),
  viewers: Mean.describe(`Viewers on one host: ${perHost}`),
  viewers_max: Count.nullable().describe('The most viewers that one host had'),
}

/** How media hosts did, for the owner of their cluster. A figure is null where no host knew it. */
export const NodeMetrics = Series(nodeFigures).meta({ id: 'NodeMetrics' })
export type NodeMetrics = z.infer<typeof NodeMetrics>

export const analyticsNodes = endpoint({
  method: 'GET',
  path: '/analytics/nodes',
  request: NodesQuery,
  response: NodeMetrics,
})

export const nodeMetrics = endpoint({
  method: 'GET',
  path: '/nodes/{id}/metrics',
  request: z.object({ id: NodeId }).and(NodeMetricsQuery),
  response: NodeMetrics,
  refusals: ['not_found'],
})
