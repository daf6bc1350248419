import { HEARTBEAT_STALE_MS, type Weights } from '../../../shared/contract/foghorn.ts'
import type { HostOverview } from '../cluster/cluster-state.ts'
import { usageOf } from '../decision/usage.ts'

/** Words by which MistUtilLoad says how it gets on with a host. */
export type Monitoring = 'Monitored (online)' | 'Monitored (error)' | 'Offline'

export function monitoringOf({ held_out, heartbeat, age_ms }: HostOverview): Monitoring {
  if (held_out) return 'Offline'
  return heartbeat.healthy && age_ms <= HEARTBEAT_STALE_MS ? 'Monitored (online)' : 'Monitored (error)'
}

/** A host's state in MistUtilLoad's names: percent, bytes per second and points. What is not known is left out. */
export function stateOf(host: HostOverview, weights: Weights) {
  const { heartbeat, viewers, pending_bytes_per_second } = host
  const { location, tags } = heartbeat
  const {
    cpu_percent: cpu,
    memory_ratio: ram,
    egress_bytes_per_second: up,
    limit_bytes_per_second: limit,
  } = usageOf(heartbeat)
  const sent = up === null ? null : up + pending_bytes_per_second
  const score = {
    ...(sent !== null && limit !== null && { bw: free(weights.bandwidth, sent / limit) }),
    ...(cpu !== null && { cpu: free(weights.cpu, cpu / 100) }),
    ...(ram !== null && { ram: free(weights.memory, ram) }),
  }
  return {
    ...(limit !== null && { bwlimit: limit }),
    ...(cpu !== null && { cpu: Math.floor(cpu) }),
    ...(heartbeat.ingress_bytes_per_second !== null && { down: Math.round(heartbeat.ingress_bytes_per_second) }),
    ...(location !== null && { geo: { lat: location.latitude, lon: location.longitude } }),
    ...(ram !== null && { ram: Math.floor(ram * 100) }),
    score,
    streams: heartbeat.streams.length,
    ...(tags.length > 0 && { tags: tags.toSorted() }),
    ...(up !== null && { up: Math.round(up) }),
    up_add: Math.round(pending_bytes_per_second),
    viewers,
  }
}

function free(points: number, used: number): number {
  return Math.floor(points * Math.max(0, 1 - used))
}
