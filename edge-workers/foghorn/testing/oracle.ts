import { HEARTBEAT_STALE_MS, type Location } from '../../../shared/contract/foghorn.ts'
import type { Question, Reason } from '../decision.ts'
import type { HostReport } from '../fleet.ts'
import { templatesOf } from '../protocol.ts'

export type Verdict = { report: HostReport; reason: Reason } | { report: HostReport; reason: null; score: number }

/** What is right for each host, worked out one by one from its heartbeat: slow and plain. */
export function judge(clusters: readonly (readonly HostReport[])[], question: Question): Verdict[] {
  const somewhere = clusters.flat().some((report) => isHeard(report, question) && has(report, question))
  return clusters.flatMap((reports, order) => reports.map((report) => judgeOne(report, order, somewhere, question)))
}

function judgeOne(report: HostReport, order: number, somewhere: boolean, question: Question): Verdict {
  const { heartbeat, seen_at_ms } = report
  const { cpu_percent: cpu, memory_total_bytes, memory_used_bytes, shm_total_bytes, shm_used_bytes } = heartbeat
  const out = (reason: Reason): Verdict => ({ report, reason })
  if (question.now_ms - seen_at_ms > HEARTBEAT_STALE_MS) return out('stale')
  if (!heartbeat.healthy) return out('unhealthy')
  if (!has(report, question) && !(question.cold && somewhere)) return out('stream_absent')
  if (question.protocol && !templatesOf(heartbeat.outputs)[question.protocol]) return out('protocol_absent')
  if (heartbeat.draining) return out('draining')
  const both = memory_used_bytes === null ? null : memory_used_bytes + (shm_used_bytes ?? 0)
  const memory = share(both, memory_total_bytes)
  const processor = share(cpu, 100)
  if (processor === undefined || memory === undefined) return out('statistics_missing')
  const tighter = Math.max(memory, share(shm_used_bytes, shm_total_bytes) ?? 0)
  const bandwidth = share(heartbeat.egress_bytes_per_second, heartbeat.bandwidth_limit_bytes_per_second)
  if (processor >= 0.9) return out('cpu_full')
  if (tighter >= 0.95) return out('memory_full')
  if (bandwidth !== undefined && bandwidth >= 0.9) return out('bandwidth_full')
  const kilometres = haversine(heartbeat.location, question.viewer)
  const score =
    500 * (1 - processor) +
    500 * (1 - tighter) +
    1000 * (bandwidth === undefined ? 0 : 1 - bandwidth) +
    (kilometres === null ? 0 : 1000 * (1 - kilometres / (Math.PI * 6371))) +
    (has(report, question) ? 300 : 0) +
    200 / (order + 1)
  return { report, reason: null, score }
}

function isHeard({ heartbeat, seen_at_ms }: HostReport, { now_ms }: Question): boolean {
  return heartbeat.healthy && now_ms - seen_at_ms <= HEARTBEAT_STALE_MS
}

function has({ heartbeat }: HostReport, { stream }: Question): boolean {
  return heartbeat.streams.some(({ name, inputs }) => name === stream && inputs > 0)
}

function share(part: number | null, whole: number | null): number | undefined {
  if (part === null || whole === null || Number.isNaN(part) || Number.isNaN(whole)) return undefined
  if (part < 0 || whole <= 0 || !Number.isFinite(part / whole)) return undefined
  return part / whole
}

/** Great-circle distance by another formula than the one under test; null when either place is unknown. */
function haversine(a: Location | null, b: Location | null): number | null {
  if (!a || !b || ![a.latitude, a.longitude, b.latitude, b.longitude].every(Number.isFinite)) return null
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const north = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const chord = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east
  return 2 * 6371 * Math.asin(Math.sqrt(Math.min(1, chord)))
}
