import type { TimeRange } from '../../../shared/contract/time-range.ts'

export const HOUR_MS = 3_600_000

/** Two kinds of a range's parts: whole hours that are rolled up, and the rest, which is read event by event. */
export interface Split {
  rolled: TimeRange | undefined
  raw: TimeRange[]
}

const toTime = (ms: number) => new Date(ms).toISOString()

/** What of a range is rolled up, all of which ends at `until` (Unix ms). */
export function splitAt({ from, to }: TimeRange, until: number): Split {
  const [start, end] = [Date.parse(from), Date.parse(to)]
  const first = Math.ceil(start / HOUR_MS) * HOUR_MS
  const last = Math.floor(Math.min(end, until) / HOUR_MS) * HOUR_MS
  if (first >= last) return { rolled: undefined, raw: [{ from, to }] }
  const raw = [
    { from, to: toTime(first) },
    { from: toTime(last), to },
  ].filter((part) => part.from < part.to)
  return { rolled: { from: toTime(first), to: toTime(last) }, raw }
}
