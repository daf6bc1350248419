import { bits, real } from './columns.ts'
import type { Fleet, Host } from './fleet.ts'
import { NEVER } from './score.ts'
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

interface Bar {
  /** Hosts of this resort only. */
  resort: number
  /** The best score among them. */
  top: number
  seed: string
}

/** The first few of an order that spreads the equals: the near-best by hash, then all others by score. */
export function best(fleets: readonly Fleet[], { resort: wanted, top, seed }: Bar): Place[] {
  if (wanted === NEVER) return []
  const bar = top - SPREAD_POINTS
  const seedHash = hash(seed)
  const places: Keyed[] = []
  let lowest = Number.NEGATIVE_INFINITY
  for (const [order, fleet] of fleets.entries()) {
    const { hosts, columns } = fleet
    const { resort, score } = columns
    for (let slot = 0; slot < hosts.length; slot++) {
      if (bits(resort, slot) !== wanted) continue
      const points = real(score, slot)
      // Most hosts of a large cluster are worse than the eighth so far.
      if (points < bar && points <= lowest) continue
      const key = points >= bar ? EQUALS_FROM + mix(seedHash, bits(columns.hash, slot)) : points
      const host = hosts[slot]
      if (key <= lowest || host === undefined) continue
      const at = places.findIndex((other) => key > other.key)
      places.splice(at < 0 ? places.length : at, 0, { host, fleet, order, slot, score: points, key })
      if (places.length > RANKED_MAX) places.pop()
      if (places.length === RANKED_MAX) lowest = places.at(-1)?.key ?? lowest
    }
  }
  return places
}
