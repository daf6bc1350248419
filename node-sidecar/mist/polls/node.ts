import type { NodeMonitoring } from '../../../shared/events/node-monitoring.ts'
import { name } from '../events/event.ts'
import type { Statistics } from './statistics.ts'

export const NODE_POLL_INTERVAL_MS = 10_000
/** Above these shares a host is not healthy; a busy CPU and a full line only make it score worse. */
export const MEMORY_SHARE_MAX = 0.9
export const SHM_SHARE_MAX = 0.9

const KIB = 1024

/** A poll of the machine, and when it was made (ms of uptime). */
export interface NodePoll {
  up_ms: number
  statistics: Statistics
}

/** How the host does, compared with the poll before for its rates. `reasons` are those that the caller knows of. */
export function toNodeMonitoring(
  { up_ms, statistics }: NodePoll,
  before: NodePoll | null,
  reasons: readonly string[] = [],
): NodeMonitoring {
  const { mem_total, mem_used, shm_total, shm_used, bw, st, curr, loc } = statistics
  const unhealthy_reasons = [...reasons]
  if (mem_used > mem_total * MEMORY_SHARE_MAX) unhealthy_reasons.push('memory_high')
  if (shm_used > shm_total * SHM_SHARE_MAX) unhealthy_reasons.push('shm_high')
  const seconds = before === null ? 0 : (up_ms - before.up_ms) / 1000
  const media = ratesOf(bw, before?.statistics.bw, seconds)
  const network = ratesOf(st, before?.statistics.st, seconds)
  return {
    healthy: unhealthy_reasons.length === 0,
    unhealthy_reasons,
    cpu_percent: statistics.cpu / 10,
    memory_total_bytes: mem_total * KIB,
    memory_used_bytes: mem_used * KIB,
    shm_total_bytes: shm_total * KIB,
    shm_used_bytes: shm_used * KIB,
    media_egress_bytes: bw[0],
    media_ingress_bytes: bw[1],
    media_egress_bytes_per_second: media.egress,
    media_ingress_bytes_per_second: media.ingress,
    network_egress_bytes: st[0],
    network_ingress_bytes: st[1],
    network_egress_bytes_per_second: network.egress,
    network_ingress_bytes_per_second: network.ingress,
    bandwidth_limit_bytes_per_second: statistics.bwlimit,
    streams: Object.keys(statistics.streams).length,
    viewers: curr[0],
    inputs: curr[1],
    outputs: curr[2],
    location: toLocation(loc),
  }
}

/** The same when MistServer does not answer: nothing is known but that. */
export function toUnreachable(reasons: readonly string[]): NodeMonitoring {
  return {
    healthy: false,
    unhealthy_reasons: ['mist_unreachable', ...reasons],
    cpu_percent: null,
    memory_total_bytes: null,
    memory_used_bytes: null,
    shm_total_bytes: null,
    shm_used_bytes: null,
    media_egress_bytes: null,
    media_ingress_bytes: null,
    media_egress_bytes_per_second: null,
    media_ingress_bytes_per_second: null,
    network_egress_bytes: null,
    network_ingress_bytes: null,
    network_egress_bytes_per_second: null,
    network_ingress_bytes_per_second: null,
    bandwidth_limit_bytes_per_second: null,
    streams: null,
    viewers: null,
    inputs: null,
    outputs: null,
    location: null,
  }
}

/** Null when there is nothing to compare with, as after MistServer has started anew. */
function ratesOf(now: [number, number], before: [number, number] | undefined, seconds: number) {
  if (before === undefined || seconds <= 0 || now[0] < before[0] || now[1] < before[1]) {
    return { egress: null, ingress: null }
  }
  return { egress: (now[0] - before[0]) / seconds, ingress: (now[1] - before[1]) / seconds }
}

function toLocation(loc: Statistics['loc']): NodeMonitoring['location'] {
  const { lat, lon } = loc ?? {}
  if (lat === undefined || lon === undefined || Math.abs(lat) > 90 || Math.abs(lon) > 180) return null
  // Where nobody has told MistServer its place, it says 0,0: a point in the ocean.
  if (lat === 0 && lon === 0) return null
  return { latitude: lat, longitude: lon, name: name(loc?.name ?? '') }
}
