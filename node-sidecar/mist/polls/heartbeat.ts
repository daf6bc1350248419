import type { z } from 'zod'
import {
  HEARTBEAT_STREAMS_MAX,
  Heartbeat,
  OUTPUTS_MAX,
  STREAM_NAME_CHARS_MAX,
} from '../../../shared/contract/foghorn.ts'
import type { NodeMonitoring } from '../../../shared/events/node-monitoring.ts'
import type { Statistics } from './statistics.ts'

interface HeartbeatInput {
  /** Name or address that viewers reach this machine by. */
  host: string
  monitoring: NodeMonitoring
  /** Null while MistServer does not answer. */
  statistics: Statistics | null
  draining: boolean
}

const Outputs = Heartbeat.shape.outputs

/** What Foghorn is told of this host. */
export function toHeartbeat({ host, monitoring, statistics, draining }: HeartbeatInput): z.input<typeof Heartbeat> {
  const { location } = monitoring
  return {
    host,
    outputs: toOutputs(statistics?.outputs ?? {}),
    healthy: monitoring.healthy,
    draining,
    cpu_percent: monitoring.cpu_percent,
    memory_total_bytes: monitoring.memory_total_bytes,
    memory_used_bytes: monitoring.memory_used_bytes,
    shm_total_bytes: monitoring.shm_total_bytes,
    shm_used_bytes: monitoring.shm_used_bytes,
    egress_bytes_per_second: monitoring.network_egress_bytes_per_second,
    bandwidth_limit_bytes_per_second: monitoring.bandwidth_limit_bytes_per_second,
    location: location && { latitude: location.latitude, longitude: location.longitude },
    streams: toStreams(statistics?.streams ?? {}),
  }
}

function toStreams(streams: Statistics['streams']) {
  const named = Object.entries(streams).filter(([name]) => name.length > 0 && name.length <= STREAM_NAME_CHARS_MAX)
  return named.slice(0, HEARTBEAT_STREAMS_MAX).map(([name, { curr, rep, bw }]) => {
    return { name, viewers: curr[0], inputs: curr[1], replica: rep ?? false, sent: bw[0], received: bw[1] }
  })
}

/** An output that Foghorn would refuse must not cost the whole heartbeat. */
function toOutputs(outputs: Record<string, string>): Record<string, string> {
  const usable = Object.entries(outputs).filter(([name, url]) => Outputs.safeParse({ [name]: url }).success)
  return Object.fromEntries(usable.slice(0, OUTPUTS_MAX))
}
