import type { TagAdjust } from './decision.ts'
import type { Fleet } from './fleet.ts'

/** By slot, the points that each host gets for its tags; null when nobody gets any. */
export function tagPoints({ hosts }: Fleet, adjust: TagAdjust): Float64Array | null {
  if (adjust.length === 0) return null
  return Float64Array.from(hosts, (host) => (host === undefined ? 0 : pointsOf(host.tags, adjust)))
}

export function pointsOf(tags: readonly string[], adjust: TagAdjust): number {
  return adjust.reduce((sum, { tags: wanted, without, points }) => {
    return wanted.some((tag) => tags.includes(tag)) === without ? sum : sum + points
  }, 0)
}
