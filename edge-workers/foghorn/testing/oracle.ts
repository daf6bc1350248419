import { HEARTBEAT_STALE_MS, type Location, type Weights } from '../../../shared/contract/foghorn.ts'
import type { Question } from '../decision/decision.ts'
import type { Reason } from '../decision/reasons.ts'
import { dtscOf, ingestTemplatesOf, templatesOf } from '../protocol.ts'
import type { HostReport } from './hosts.ts'

/** A cluster as a judge is shown it. */
export interface Scene {
  reports: readonly HostReport[]
  weights: Weights
  held_out: readonly string[]
  /** Bytes per second that are under way to each host, whoever sent them. */
  charged: ReadonlyMap<string, number>
  /** When its picture stopped, if it did. */
  frozen_at_ms: number | null
}

export type Verdict = { report: HostReport; reason: Reason } | { report: HostReport; reason: null; score: number }

interface Case {
  report: HostReport
  scene: Scene
  order: number
}

/** What is right for each host, worked out one by one from its heartbeat: slow and plain. */
export function judge(scenes: readonly Scene[], question: Question): Verdict[] {
  const cases = scenes.flatMap((scene, order) => scene.reports.map((report) => ({ report, scene, order })))
  const live = cases.some((one) => isHeard(one, question) && one.report.heartbeat.healthy && has(one.report, question))
  const opinions = cases.map((one) => ({ ...one, ...weigh(one, live, question) }))
  const resort = Math.min(...opinions.map((opinion) => opinion.resort))
  return opinions.map(({ report, reason, resort: own, score }) => {
    if (reason !== null && (own > resort || own === Infinity)) return { report, reason }
    return { report, reason: null, score }
  })
}

/** Why a host should not serve, and when it does all the same: 0 at once, 1 and 2 when there is nobody better. */
function weigh(one: Case, live: boolean, question: Question): { reason: Reason | null; resort: number; score: number } {
  const reason = objection(one, live, question)
  const score = scoreOf(one, question)
  const resort = resortOf(reason, question)
  return resort < Infinity && score < 0
    ? { reason: 'tags_against', resort: Infinity, score }
    : { reason, resort, score }
}

function resortOf(reason: Reason | null, { want }: Question): number {
  if (reason === null) return 0
  if (reason === 'cpu_busy') return 1
  const bearable: Reason[] = ['held_out', 'draining', 'statistics_missing', 'cpu_full', 'memory_full', 'bandwidth_full']
  return want === 'source' && bearable.includes(reason) ? 2 : Infinity
}

/** Whether a host has the protocol, or any where any will do. */
function offers(templates: Readonly<Record<string, string>>, protocol: string | null): boolean {
  return protocol === null ? Object.keys(templates).length > 0 : templates[protocol] !== undefined
}

function objection(one: Case, live: boolean, question: Question): Reason | null {
  const { report, scene } = one
  const { heartbeat, node_id } = report
  const { want, protocol, ingest } = question
  if (node_id === question.exclude_node_id) return 'asker'
  if (!isHeard(one, question)) return 'stale'
  if (!heartbeat.healthy) return 'unhealthy'
  if (want !== 'ingest' && !has(report, question) && !(want === 'play' && question.cold && live)) return 'stream_absent'
  if (want === 'play' && !offers(templatesOf(heartbeat.outputs), protocol)) return 'protocol_absent'
  if (want === 'ingest' && !offers(ingestTemplatesOf(heartbeat.outputs), ingest)) return 'protocol_absent'
  if (want === 'source' && dtscOf(heartbeat.outputs, heartbeat.host) === null) return 'protocol_absent'
  if (scene.held_out.includes(node_id)) return 'held_out'
  if (heartbeat.draining) return 'draining'
  const memory = memoryOf(report)
  if (number(heartbeat.cpu_percent) === undefined || memory === undefined) return 'statistics_missing'
  if (memory >= 0.95) return 'memory_full'
  const cpu = (heartbeat.cpu_percent ?? 0) + question.cpu_percent_needed
  if (cpu >= 98) return 'cpu_full'
  const limit = number(heartbeat.bandwidth_limit_bytes_per_second)
  const egress = (number(heartbeat.egress_bytes_per_second) ?? 0) + chargedTo(one) + viewerOf(report)
  if (limit !== undefined && limit > 0 && egress > 0.9 * limit) return 'bandwidth_full'
  return cpu >= 90 ? 'cpu_busy' : null
}

function scoreOf(one: Case, question: Question): number {
  const { report, order } = one
  const { weights } = one.scene
  const { heartbeat } = report
  const cpu = number(heartbeat.cpu_percent)
  const memory = memoryOf(report)
  const egress = number(heartbeat.egress_bytes_per_second)
  const limit = number(heartbeat.bandwidth_limit_bytes_per_second)
  const bandwidth = egress === undefined || !limit ? undefined : (egress + chargedTo(one)) / limit
  const kilometres = haversine(heartbeat.location, question.viewer)
  const free = (points: number, used: number | undefined) => (used === undefined ? 0 : points * (1 - Math.min(1, used)))
  const tags = question.adjust.filter((rule) => rule.tags.some((tag) => heartbeat.tags.includes(tag)) !== rule.without)
  return (
    free(weights.cpu, cpu === undefined ? undefined : cpu / 100) +
    free(weights.memory, memory) +
    free(weights.bandwidth, bandwidth) +
    free(weights.distance, kilometres === null ? undefined : kilometres / (Math.PI * 6371)) +
    (has(report, question) ? weights.stream : 0) +
    weights.cluster / (order + 1) +
    tags.reduce((sum, { points }) => sum + points, 0)
  )
}

function isHeard({ report, scene }: Case, { now_ms }: Question): boolean {
  const now = scene.frozen_at_ms === null ? now_ms : Math.min(now_ms, scene.frozen_at_ms)
  return now - report.seen_at_ms <= HEARTBEAT_STALE_MS
}

/** A viewer is content with a replica; a publisher and another host are not. */
function has({ heartbeat }: HostReport, { stream, want }: Question): boolean {
  return heartbeat.streams.some(
    ({ name, inputs, replica }) => name === stream && inputs > 0 && (want === 'play' || !replica),
  )
}

function chargedTo({ report, scene }: Case): number {
  return scene.charged.get(report.node_id) ?? 0
}

function viewerOf({ heartbeat }: HostReport): number {
  const viewers = heartbeat.viewers ?? heartbeat.streams.map((stream) => stream.viewers).reduce((a, b) => a + b, 0)
  const egress = number(heartbeat.egress_bytes_per_second)
  if (egress === undefined || viewers === 0) return 131_072
  return Math.min(1_048_576, Math.max(65_536, egress / viewers))
}

function memoryOf({ heartbeat }: HostReport): number | undefined {
  const { memory_total_bytes, memory_used_bytes, shm_total_bytes, shm_used_bytes } = heartbeat
  const used = number(memory_used_bytes)
  const shm = number(shm_used_bytes)
  const both = share(used === undefined ? undefined : used + (shm ?? 0), number(memory_total_bytes))
  return both === undefined ? undefined : Math.max(both, share(shm, number(shm_total_bytes)) ?? 0)
}

function share(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole === 0 ? undefined : part / whole
}

/** A figure that means something. */
function number(value: number | null): number | undefined {
  return value !== null && value >= 0 && value < Infinity ? value : undefined
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
