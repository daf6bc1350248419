import { requireTenant } from '../../../shared/context.ts'
import type { HostStatus, StreamStatus } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { toHostStatus } from './host-status.ts'
import { toRegisters } from './registers.ts'

/** The state of a stream of the caller's now, over all of its hosts. */
export async function readStatus(ctx: Ctx, streamId: string): Promise<StreamStatus> {
  const tenant_id = requireTenant(ctx, 'analytics:read')
  await ctx.streams.require(tenant_id, streamId)
  const rows = await ctx.db.within({ tenant_id }, (tx) =>
    tx
      .selectFrom('stream_state')
      .select(['node_id', 'cluster_id', 'aspect', 'occurred_at', 'data'])
      .where('stream_id', '=', streamId)
      .orderBy('node_id')
      .execute(),
  )
  const hosts = [...Map.groupBy(rows, ({ node_id }) => node_id)].map(([node_id, registers]) => {
    const cluster_id = registers[0]?.cluster_id ?? null
    return toHostStatus({ node_id, cluster_id, registers: toRegisters(registers) }, ctx.now())
  })
  return { stream_id: streamId, ...toStreamStatus(hosts) }
}

/** From the most alive to the least: a stream is what its best host says. */
const order = ['live', 'starting', 'stopping', 'unknown', 'offline'] as const

/** One state from those of all hosts; what replicas take in comes from the others and does not count again. */
export function toStreamStatus(hosts: readonly HostStatus[]): Omit<StreamStatus, 'stream_id'> {
  const on = hosts.filter(({ status }) => status !== 'offline')
  const origins = on.filter(({ replicated }) => replicated !== true)
  const starts = on.flatMap(({ started_at }) => started_at ?? [])
  const updates = hosts.map(({ updated_at }) => updated_at)
  return {
    status: order.find((status) => hosts.some((host) => host.status === status)) ?? 'offline',
    started_at: starts.sort()[0] ?? null,
    updated_at: updates.sort().at(-1) ?? null,
    viewers: sum(on.map(({ viewers }) => viewers)) ?? 0,
    inputs: sum(origins.map(({ inputs }) => inputs)) ?? 0,
    ingress_bytes: sum(origins.map(({ ingress_bytes }) => ingress_bytes)),
    egress_bytes: sum(on.map(({ egress_bytes }) => egress_bytes)),
    tracks: origins.find(({ tracks }) => tracks.length > 0)?.tracks ?? [],
    hosts: [...hosts],
  }
}

/** Null when nothing is known of any. */
function sum(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((figure) => figure !== null)
  return known.length === 0 ? null : known.reduce((total, figure) => total + figure, 0)
}
