import type { TimeRange } from '../../../shared/contract/time-range.ts'
import { type Value, whole } from './source.ts'

/** Until when what goes on lasts within a range, in Unix ms: to its end, or as long as it is now. */
export function untilNow({ from, to }: TimeRange, now: Date): Value {
  return whole(Math.min(Date.parse(to), Math.max(Date.parse(from), now.getTime())))
}
