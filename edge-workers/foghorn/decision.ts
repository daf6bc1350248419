import { HEARTBEAT_STALE_MS, type Location, type Protocol } from '../../shared/contract/foghorn.ts'
import type { Fleet, Host, LoadReason } from './fleet.ts'
import { angleBetween, EARTH_RADIUS_KM, toVector, type Vector } from './geography.ts'
import { hash, mix } from './spread.ts'

/** What a host gets for standing where the viewer is; the other side of the world gets nothing. */
const DISTANCE_POINTS = 1000
/** For having the stream already: a host without it must be this much better to be worth a pull. */
const STREAM_POINTS = 300
/** For belonging to the first of the tenant's clusters; the second gets half, the third a third. */
const CLUSTER_POINTS = 200
/** Hosts this close to the best count as equals, so that viewers spread over them until the next heartbeat. */
export const SPREAD_POINTS = 50
/** Most hosts, and most refused ones, that a decision names. */
export const RANKED_MAX = 8
export const REJECTED_MAX = 8

/** Why a host was ruled out, from the furthest from serving this viewer to the nearest. */
export const reasons = [
  'stale',
  'unhealthy',
  'stream_absent',
  'protocol_absent',
  'draining',
  'statistics_missing',
  'cpu_full',
  'memory_full',
  'bandwidth_full',
] as const satisfies readonly (LoadReason | string)[]
export type Reason = (typeof reasons)[number]

export interface Question {
  /** Runtime name. */
  stream: string
  /** Null where any will do. */
  protocol: Protocol | null
  viewer: Location | null
  now_ms: number
  /** The same seed chooses the same host among equals. */
  seed: string
  /** Whether a host may be chosen that must first pull the stream from another. */
  cold: boolean
}

type Parts = Record<'cpu' | 'memory' | 'bandwidth' | 'distance' | 'stream' | 'cluster', number>

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

/** Ranks the hosts of a tenant's clusters (most preferred first) for one viewer. */
export function decide(fleets: readonly Fleet[], question: Question): Decision {
  const viewer = toVector(question.viewer)
  const cold = question.cold && fleets.some((fleet) => isLive(fleet, question))
  const rejected: Decision['rejected'] = []
  let total = 0
  let nearest = -1
  const scored = fleets.map((fleet, order): Scored => {
    const holders = fleet.holders.get(question.stream) ?? NOBODY
    const cluster = CLUSTER_POINTS / (order + 1)
    const scores = new Float64Array(fleet.hosts.length)
    let index = 0
    for (const host of fleet.hosts) {
      const held = holders.has(index)
      const reason = ruleOut(host, held || cold, question)
      if (reason !== null) {
        nearest = Math.max(nearest, reasons.indexOf(reason))
        if (rejected.length < REJECTED_MAX) rejected.push({ host, reason })
      }
      scores[index++] = reason === null ? scoreOf(host, held, cluster, viewer) : OUT
    }
    total += index
    return { fleet, holders, cluster, scores }
  })
  const ranked = best(scored, question.seed).map((place) => explain(place, viewer))
  return { ranked, rejected, total, nearest: ranked.length > 0 ? null : (reasons[nearest] ?? null) }
}

/** The score of a host that was ruled out. */
const OUT = -1
const NOBODY: ReadonlySet<number> = new Set()

/** One cluster's scores, by the index of the host: no object for each of a thousand hosts. */
interface Scored {
  fleet: Fleet
  holders: ReadonlySet<number>
  cluster: number
  scores: Float64Array
}

interface Place {
  host: Host
  held: boolean
  cluster: number
  score: number
  key: number
}

/** Whether a host that we hear from has media of the stream coming in, wherever it stands. */
function isLive(fleet: Fleet, { stream, now_ms }: Question): boolean {
  const holders = fleet.holders.get(stream)
  if (!holders) return false
  return [...holders].some((index) => {
    const host = fleet.hosts[index]
    return host?.healthy === true && !isStale(host, now_ms)
  })
}

function isStale(host: Host, now_ms: number): boolean {
  return !(now_ms - host.seen_at_ms <= HEARTBEAT_STALE_MS)
}

function ruleOut(host: Host, canServe: boolean, { protocol, now_ms }: Question): Reason | null {
  if (isStale(host, now_ms)) return 'stale'
  if (!host.healthy) return 'unhealthy'
  if (!canServe) return 'stream_absent'
  if (protocol !== null && host.templates[protocol] === undefined) return 'protocol_absent'
  return host.closed
}

function scoreOf(host: Host, held: boolean, cluster: number, viewer: Vector | null): number {
  const { cpu, memory, bandwidth } = host.load
  return cpu + memory + bandwidth + distancePoints(host, viewer) + (held ? STREAM_POINTS : 0) + cluster
}

function distancePoints(host: Host, viewer: Vector | null): number {
  if (viewer === null || host.position === null) return 0
  return DISTANCE_POINTS * (1 - angleBetween(host.position, viewer) / Math.PI)
}

/** The first few of an order that spreads the equals: the near-best by hash, then all others by score. */
function best(scored: readonly Scored[], seed: string): Place[] {
  const bar = topOf(scored) - SPREAD_POINTS
  const seedHash = hash(seed)
  const places: Place[] = []
  let lowest = Number.NEGATIVE_INFINITY
  for (const { fleet, holders, cluster, scores } of scored) {
    let index = 0
    for (const host of fleet.hosts) {
      const score = scores[index++] ?? OUT
      if (score === OUT) continue
      // Hashes are at least 0 and shifted above every score, so that equals come before all others.
      const key = score >= bar ? EQUALS_FROM + mix(seedHash, host.hash) : score
      if (key <= lowest) continue
      const at = places.findIndex((other) => key > other.key)
      const held = holders.has(index - 1)
      places.splice(at < 0 ? places.length : at, 0, { host, held, cluster, score, key })
      if (places.length > RANKED_MAX) places.pop()
      if (places.length === RANKED_MAX) lowest = places.at(-1)?.key ?? lowest
    }
  }
  return places
}

const EQUALS_FROM = 1_000_000

function topOf(scored: readonly Scored[]): number {
  let top = OUT
  for (const { scores } of scored) {
    for (const score of scores) if (score > top) top = score
  }
  return top
}

function explain({ host, held, cluster, score }: Place, viewer: Vector | null): Candidate {
  const angle = viewer && host.position && angleBetween(host.position, viewer)
  return {
    host,
    score,
    parts: { ...host.load, distance: distancePoints(host, viewer), stream: held ? STREAM_POINTS : 0, cluster },
    distance_km: angle === null ? null : angle * EARTH_RADIUS_KM,
  }
}
