import { Temporal } from 'temporal-polyfill'
import { type Bucket, bucketMs, type SeriesInput } from '../../../shared/contract/series.ts'

type Range = Pick<SeriesInput, 'from' | 'to' | 'time_zone'>

/** Where each bucket of a range begins, in Unix ms; the first begins with the range, the last ends with it. */
export function toBuckets({ from, to, time_zone }: Range, bucket: Bucket | undefined): number[] {
  const start = Date.parse(from)
  const end = Date.parse(to)
  if (bucket === undefined) return [start]
  const starts = [start]
  for (const edge of edgesAfter(start, bucket, time_zone)) {
    if (edge >= end) return starts
    starts.push(edge)
  }
  return starts
}

/** The edges of buckets later than a moment, without end. */
function* edgesAfter(start: number, bucket: Bucket, zone: string): Generator<number> {
  const day = Temporal.Instant.fromEpochMilliseconds(start).toZonedDateTimeISO(zone).startOfDay()
  const width = calendarOf(bucket)
  if (width !== undefined) {
    let edge = startOf(day, bucket)
    for (;;) {
      edge = edge.add(width).startOfDay()
      if (edge.epochMilliseconds > start) yield edge.epochMilliseconds
    }
  }
  for (let midnight = day; ; midnight = midnight.add({ days: 1 }).startOfDay()) {
    const next = midnight.add({ days: 1 }).startOfDay().epochMilliseconds
    for (let edge = midnight.epochMilliseconds; edge < next; edge += bucketMs[bucket]) {
      if (edge > start) yield edge
    }
  }
}

function calendarOf(bucket: Bucket): Temporal.DurationLike | undefined {
  if (bucket === '1d') return { days: 1 }
  if (bucket === '1w') return { weeks: 1 }
  return bucket === '1mo' ? { months: 1 } : undefined
}

function startOf(day: Temporal.ZonedDateTime, bucket: Bucket): Temporal.ZonedDateTime {
  if (bucket === '1w') return day.subtract({ days: day.dayOfWeek - 1 }).startOfDay()
  return bucket === '1mo' ? day.with({ day: 1 }).startOfDay() : day
}
