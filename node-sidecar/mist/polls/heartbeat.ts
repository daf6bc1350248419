import type { z } from 'zod'
import {
  HEARTBEAT_STREAMS_MAX,
  Heartbeat,
  OUTPUTS_MAX,
  STREAM_NAME_CHARS_MAX,
} from '../../../shared/contract/foghorn.ts'
import type { NodeMonitoring } from '../../../shared/events/node-monitoring.ts'
import { LIVE } from '../wanted.ts'
import type { Statistics } from './statistics.ts'

interface HeartbeatInput {
  /** Name or address that viewers reach this machine by. */
  host: string
  monitoring: NodeMonitoring
  /** Null while MistServer does not answer. */
  statistics: Statistics | null
  draining: boolean
  /** Whether a stream is known to have no publisher on this host. */
  lacksPublisher: (name: string) => boolean
}

const Outputs = Heartbeat.shape.outputs

/** What Foghorn is told of this host. */
export function toHeartbeat(input: HeartbeatInput): z.input<typeof Heartbeat> {
  const { host, monitoring, statistics, draining, lacksPublisher } = input
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
    streams: toStreams(statistics?.streams ?? {}, lacksPublisher),
  }
}

/**
 * A stream of ours that nobody publishes here can only be pulled, also before MistServer marks it so and after its
 * controller has forgotten the mark: named as a source, it could be pulled in a circle.
 */
function toStreams(streams: Statistics['streams'], lacksPublisher: (name: string) => boolean) {
  const named = Object.entries(streams).filter(([name]) => name.length > 0 && name.length <= STREAM_NAME_CHARS_MAX)
  return named.slice(0, HEARTBEAT_STREAMS_MAX).map(([name, { curr, rep }]) => {
    return { name, viewers: curr[0], inputs: curr[1], replica: rep === true || (isOurs(name) && lacksPublisher(name)) }
  })
}

function isOurs(name: string): boolean {
  return name.startsWith(`${LIVE.name}+`)
}

/** MistServer leaves a connector's own port out of its URL, also where no player would know it. */
const ownPorts: Record<string, number> = { 'srt:': 8889, 'rtmp:': 1935, 'dtsc:': 4200 }

function withPort(url: string): string {
  return url.replace(/^([a-z]+:)\/\/HOST(?=\/)/, (start, scheme: string) => {
    const port = ownPorts[scheme]
    return port === undefined ? start : `${start}:${port}`
  })
}

/** An output that Foghorn would refuse must not cost the whole heartbeat. */
function toOutputs(outputs: Record<string, string>): Record<string, string> {
  const full = Object.entries(outputs).map(([name, url]) => [name, withPort(url)] as const)
  const usable = full.filter(([name, url]) => Outputs.safeParse({ [name]: url }).success)
  return Object.fromEntries(usable.slice(0, OUTPUTS_MAX))
}
