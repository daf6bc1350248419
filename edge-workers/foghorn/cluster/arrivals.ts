import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import { viewersOf } from '../decision/usage.ts'

/** How many viewers came between two heartbeats, at least: one stream's viewers who left must not hide another's who came. */
export function arrivals(before: Heartbeat, after: Heartbeat): number {
  const had = new Map(before.streams.map(({ name, viewers }) => [name, viewers]))
  const byStream = after.streams.reduce(
    (sum, { name, viewers }) => sum + Math.max(0, viewers - (had.get(name) ?? 0)),
    0,
  )
  return Math.max(byStream, viewersOf(after) - viewersOf(before))
}
