import type { IngestProtocol, Location, Protocol } from '../../shared/contract/foghorn.ts'
import { bits } from './columns.ts'
import type { Fleet, Host } from './fleet.ts'
import { HALF_ROUND_KM, NOWHERE, toVector } from './geography.ts'
import { best, type Place } from './ranking.ts'
import { type Reason, reasonOf } from './reasons.ts'
import { assess, bandwidthFree, counts, cpuFree, memoryFree, NEVER, nearness, type Scale, toScale } from './score.ts'
import { pointsOf } from './tags.ts'

/** Most refused hosts that a decision names. */
export const REJECTED_MAX = 8

/** Points for hosts by their tags: those that have one of `tags`, or, `without`, none of them. */
export type TagAdjust = readonly { tags: readonly string[]; without: boolean; points: number }[]

export interface Question {
  want: 'play' | 'ingest' | 'source'
  /** Runtime name. */
  stream: string
  /** What a viewer plays over; null where any will do. */
  protocol: Protocol | null
  /** What a publisher sends by; null where any will do. */
  ingest: IngestProtocol | null
  /** Where whoever asks is. */
  viewer: Location | null
  now_ms: number
  /** The same seed chooses the same host among equals. */
  seed: string
  /** Whether a viewer may be sent to a host that must first pull the stream from another. */
  cold: boolean
  /** The host that asks for a source: it never pulls from itself. */
  exclude_node_id: string | null
  adjust: TagAdjust
  /** Room that a publisher needs on the processor. */
  cpu_percent_needed: number
}

export type Parts = Record<'cpu' | 'memory' | 'bandwidth' | 'distance' | 'stream' | 'cluster' | 'tags', number>

export interface Candidate {
  host: Host
  score: number
  parts: Parts
  distance_km: number | null
}

export interface Decision {
  /** The best hosts, best first. */
  ranked: Candidate[]
  /** Some of those that were ruled out, in the order of `fleets`. */
  rejected: { host: Host; reason: Reason }[]
  /** All hosts that were looked at. */
  total: number
  /** When nothing is ranked: the reason of the host that came nearest, or null when there is no host. */
  nearest: Reason | null
}

/** Ranks the hosts of a tenant's clusters (most preferred first). */
export function decide(fleets: readonly Fleet[], question: Question): Decision {
  const scale = toScale(fleets, question)
  let resort = NEVER
  for (const [order, fleet] of fleets.entries()) resort = Math.min(resort, assess(fleet, order, scale))
  const ranked = best(fleets, scale, resort).map((place) => explain(place, scale))
  const { rejected, total, nearest } = refusals(fleets, scale, resort)
  return { ranked, rejected, total, nearest: ranked.length > 0 ? null : (reasonOf(nearest) ?? null) }
}

function refusals(fleets: readonly Fleet[], { resorts }: Scale, resort: number) {
  const rejected: Decision['rejected'] = []
  let total = 0
  let nearest = 0
  for (const { hosts, columns } of fleets) {
    for (let slot = 0; slot < hosts.length; slot++) {
      const host = hosts[slot]
      if (host === undefined) continue
      total++
      const code = bits(columns.code, slot)
      if (resort < NEVER && resorts[code] === resort) continue
      if (code > nearest) nearest = code
      const reason = rejected.length < REJECTED_MAX && reasonOf(code)
      if (reason) rejected.push({ host, reason })
    }
  }
  return { rejected, total, nearest }
}

function explain({ host, fleet, order, slot, score }: Place, scale: Scale): Candidate {
  const { columns, weights, holders } = fleet
  const placed = toVector(host.location) !== null && scale.place !== NOWHERE
  const near = nearness(columns, slot, scale.place)
  const parts = {
    cpu: weights.cpu * cpuFree(columns, slot),
    memory: weights.memory * memoryFree(columns, slot),
    bandwidth: weights.bandwidth * bandwidthFree(columns, slot),
    distance: weights.distance * near,
    stream: holders.of(scale.stream).some((entry) => entry >> 1 === slot && counts(entry, scale)) ? weights.stream : 0,
    cluster: weights.cluster / (order + 1),
    tags: pointsOf(host.tags, scale.adjust),
  }
  return { host, score, parts, distance_km: placed ? (1 - near) * HALF_ROUND_KM : null }
}
