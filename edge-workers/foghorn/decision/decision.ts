import type { IngestProtocol, Location, Protocol } from '../../../shared/contract/foghorn.ts'
import { bits, real } from './columns.ts'
import type { Fleet, Host } from './fleet.ts'
import { HALF_ROUND_KM, NOWHERE, productOf, toVector } from './geography.ts'
import { best, type Place } from './ranking.ts'
import { type Reason, reasonOf } from './reasons.ts'
import { assess, counts, NEVER, nearness, type Scale, toScale } from './score.ts'
import { pointsOf } from './tags.ts'
import { freeOf } from './usage.ts'

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
  const tops = new Float64Array(NEVER).fill(Number.NEGATIVE_INFINITY)
  for (const [order, fleet] of fleets.entries()) assess(fleet, order, scale, tops)
  const found = tops.findIndex((top) => top >= 0)
  const resort = found < 0 ? NEVER : found
  const ranked = best(fleets, { resort, top: real(tops, resort), seed: question.seed })
  const { rejected, nearest } = refusals(fleets, resort)
  return {
    ranked: ranked.map((place) => explain(place, scale)),
    rejected,
    total: fleets.reduce((sum, { size }) => sum + size, 0),
    nearest: resort === NEVER ? (reasonOf(nearest) ?? null) : null,
  }
}

function refusals(fleets: readonly Fleet[], chosen: number) {
  const rejected: Decision['rejected'] = []
  let nearest = 0
  for (const { hosts, columns } of fleets) {
    const { code, resort } = columns
    for (let slot = 0; slot < hosts.length; slot++) {
      if (bits(resort, slot) <= chosen && chosen < NEVER) continue
      const host = hosts[slot]
      if (host === undefined) continue
      nearest = Math.max(nearest, bits(code, slot))
      const reason = rejected.length < REJECTED_MAX && reasonOf(bits(code, slot))
      if (reason) rejected.push({ host, reason })
    }
  }
  return { rejected, nearest }
}

function explain({ host, fleet, order, slot, score }: Place, scale: Scale): Candidate {
  const { weights, holders } = fleet
  const free = freeOf(host.load, fleet.added(slot))
  const product = productOf(toVector(host.location) ?? NOWHERE, scale.place)
  const near = nearness(product)
  const parts = {
    cpu: weights.cpu * free.cpu,
    memory: weights.memory * free.memory,
    bandwidth: weights.bandwidth * free.bandwidth,
    distance: weights.distance * near,
    stream: holders.of(scale.stream).some((entry) => entry >> 1 === slot && counts(entry, scale)) ? weights.stream : 0,
    cluster: weights.cluster / (order + 1),
    tags: pointsOf(host.tags, scale.adjust),
  }
  return { host, score, parts, distance_km: Number.isNaN(product) ? null : (1 - near) * HALF_ROUND_KM }
}
