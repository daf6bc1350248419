import { HEARTBEAT_STALE_MS, type HostedStream } from '../../../shared/contract/foghorn.ts'
import { type HostStatus, STATUS_STREAMS_MAX } from '../../../shared/contract/foghorn-status.ts'
import type { HostOverview } from '../cluster/cluster-state.ts'
import type { Reason } from '../decision/reasons.ts'
import { closedBy, crowdedBy, usageOf } from '../decision/usage.ts'

/** A host as the status page shows it. */
export function toHostStatus(host: HostOverview): HostStatus {
  const { node_id, age_ms, heartbeat, viewers, pending_viewers, pending_bytes_per_second } = host
  const { tags, location, streams } = heartbeat
  const { cpu_percent, memory_ratio, egress_bytes_per_second, limit_bytes_per_second } = usageOf(heartbeat)
  return {
    node_id,
    host: heartbeat.host,
    tags,
    location,
    age_ms: Math.max(0, age_ms),
    reasons: reasonsOf(host),
    cpu_percent,
    memory_ratio,
    egress_bytes_per_second,
    bandwidth_limit_bytes_per_second: limit_bytes_per_second,
    viewers,
    pending_viewers,
    pending_bytes_per_second,
    streams_total: streams.length,
    streams: streams.toSorted(byViewers).slice(0, STATUS_STREAMS_MAX).map(pick),
  }
}

/** What keeps viewers from a host, as `decide` would judge it now, the gravest first. */
function reasonsOf({ heartbeat, age_ms, held_out, pending_bytes_per_second }: HostOverview): Reason[] {
  const usage = usageOf(heartbeat)
  const { egress_bytes_per_second: egress } = usage
  const expected = { ...usage, egress_bytes_per_second: egress === null ? null : egress + pending_bytes_per_second }
  const all: (Reason | null)[] = [
    age_ms > HEARTBEAT_STALE_MS ? 'stale' : null,
    heartbeat.healthy ? null : 'unhealthy',
    closedBy({ ...usage, draining: heartbeat.draining, held_out }),
    crowdedBy(expected),
  ]
  return all.filter((reason) => reason !== null)
}

function byViewers(a: HostedStream, b: HostedStream): number {
  return b.viewers - a.viewers || (a.name < b.name ? -1 : 1)
}

function pick({ name, viewers, inputs, replica }: HostedStream) {
  return { name, viewers, inputs, replica }
}
