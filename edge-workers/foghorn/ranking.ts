import { bits, real } from './columns.ts'
import type { Fleet, Host } from './fleet.ts'
import { NEVER, type Scale } from './score.ts'
import { hash, mix } from './spread.ts'

/** Hosts this close to the best count as equals, so that viewers spread over them. */
export const SPREAD_POINTS = 50
/** Most hosts that a decision names. */
export const RANKED_MAX = 8

/** A host among those that were chosen. */
export interface Place {
  host: Host
  fleet: Fleet
  /** Of its fleet among the tenant's. */
  order: number
  slot: number
  score: number
}

interface Keyed extends Place {
  key: number
}

/** Hashes are at least 0 and shifted above every score, so that equals come before all others. */
const EQUALS_FROM = 2 ** 40

/** The first few of an order that spreads the equals: the near-best by hash, then all others by score. */
export function best(fleets: readonly Fleet[], scale: Scale, resort: number): Place[] {
  if (resort === NEVER) return []
  const bar = topOf(fleets, scale, resort) - SPREAD_POINTS
  const seed = hash(scale.seed)
  const places: Keyed[] = []
  let lowest = Number.NEGATIVE_INFINITY
  for (const [order, fleet] of fleets.entries()) {
    const { hosts, columns } = fleet
    for (let slot = 0; slot < hosts.length; slot++) {
      const host = hosts[slot]
      if (host === undefined || scale.resorts[bits(columns.code, slot)] !== resort) continue
      const score = real(columns.score, slot)
      const key = score >= bar ? EQUALS_FROM + mix(seed, bits(columns.hash, slot)) : score
      if (key <= lowest) continue
      const at = places.findIndex((other) => key > other.key)
      places.splice(at < 0 ? places.length : at, 0, { host, fleet, order, slot, score, key })
      if (places.length > RANKED_MAX) places.pop()
      if (places.length === RANKED_MAX) lowest = places.at(-1)?.key ?? lowest
    }
  }
  return places
}

function topOf(fleets: readonly Fleet[], { resorts }: Scale, resort: number): number {
  let top = Number.NEGATIVE_INFINITY
  for (const { hosts, columns } of fleets) {
    for (let slot = 0; slot < hosts.length; slot++) {
      if (hosts[slot] === undefined || resorts[bits(columns.code, slot)] !== resort) continue
      const score = real(columns.score, slot)
      if (score > top) top = score
    }
  }
  return top
}
