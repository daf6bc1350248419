import type { z } from 'zod'
import {
  HEARTBEAT_STREAMS_MAX,
  Heartbeat,
  type HostedStream,
  OUTPUTS_MAX,
  STREAM_NAME_CHARS_MAX,
  TAGS_MAX,
} from '../../../shared/contract/foghorn.ts'
import type { NodeMonitoring } from '../../../shared/events/node-monitoring.ts'
import type { Publishers } from '../../sources/publishers.ts'
import { LIVE } from '../wanted.ts'
import type { Statistics } from './statistics.ts'

interface HeartbeatInput {
  /** Name or address that viewers reach this machine by. */
  host: string
  monitoring: NodeMonitoring
  /** Null while MistServer does not answer. */
  statistics: Statistics | null
  draining: boolean
  publishers: Pick<Publishers, 'lacks' | 'streaming'>
}

const Outputs = Heartbeat.shape.outputs
const Tags = Heartbeat.shape.tags

/** What Foghorn is told of this host. */
export function toHeartbeat(input: HeartbeatInput): z.input<typeof Heartbeat> {
  const { host, monitoring, statistics, draining, publishers } = input
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
    streams: statistics === null ? [] : toStreams(statistics.streams, publishers),
    tags: toTags(statistics?.tags ?? []),
    viewers: monitoring.viewers,
    ingress_bytes_per_second: monitoring.network_ingress_bytes_per_second,
  }
}

/**
 * MistServer's statistics show a stream a second or more after it began, and its publisher for 15 s after he left; they
 * mark a replica late, and forget the mark with a restart of the controller. Who publishes here we know better: a stream
 * of ours without a publisher has no media of its own, and is no source for others, or hosts could pull it in a circle.
 */
function toStreams(streams: Statistics['streams'], publishers: HeartbeatInput['publishers']): HostedStream[] {
  const told = Object.entries(streams).map(([name, { curr, rep, bw }]): [string, HostedStream] => {
    const [viewers, inputs] = curr
    const [sent, received] = bw
    const stream = { name, viewers, inputs, replica: rep ?? false, sent, received }
    const nobodys = rep !== true && isOurs(name) && publishers.lacks(name)
    return [name, nobodys ? { ...stream, inputs: 0, replica: true } : stream]
  })
  const byName = new Map(told)
  for (const name of publishers.streaming()) {
    const stream = byName.get(name) ?? { name, viewers: 0, inputs: 0, sent: 0, received: 0 }
    byName.set(name, { ...stream, inputs: Math.max(stream.inputs, 1), replica: false })
  }
  const named = [...byName.values()].filter(({ name }) => name.length > 0 && name.length <= STREAM_NAME_CHARS_MAX)
  return named.slice(0, HEARTBEAT_STREAMS_MAX)
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

/** What an operator calls this host in MistServer's configuration; Foghorn takes no others. */
function toTags(tags: readonly string[]): string[] {
  return tags.filter((tag) => Tags.safeParse([tag]).success).slice(0, TAGS_MAX)
}

/** An output that Foghorn would refuse must not cost the whole heartbeat. */
function toOutputs(outputs: Record<string, string>): Record<string, string> {
  const full = Object.entries(outputs).map(([name, url]) => [name, withPort(url)] as const)
  const usable = full.filter(([name, url]) => Outputs.safeParse({ [name]: url }).success)
  return Object.fromEntries(usable.slice(0, OUTPUTS_MAX))
}
