import type { HostStatus, StreamStatus } from '../../../shared/contract/periscope-query.ts'
import { toHostStatus } from './host-status.ts'
import { type RegisterRow, toRegisters } from './registers.ts'

interface StreamRegister extends RegisterRow {
  stream_id: string
  node_id: string
  cluster_id: string | null
}

/** The state of each stream from what is known of it on its hosts, as of a moment. */
export function toStatuses(rows: readonly StreamRegister[], now: Date): StreamStatus[] {
  return [...Map.groupBy(rows, ({ stream_id }) => stream_id)].map(([stream_id, own]) => {
    const hosts = [...Map.groupBy(own, ({ node_id }) => node_id)].map(([node_id, registers]) => {
      const cluster_id = registers[0]?.cluster_id ?? null
      return toHostStatus({ node_id, cluster_id, registers: toRegisters(registers) }, now)
    })
    return { stream_id, ...toStreamStatus(hosts.toSorted((a, b) => (a.node_id < b.node_id ? -1 : 1))) }
  })
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
