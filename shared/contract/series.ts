import { z } from 'zod'
import { bounded, Count, forward, isBounded, isForward, lengthMs, Moment, POINTS_MAX, range } from './time-range.ts'

export const GROUPS_DEFAULT = 20
export const GROUPS_MAX = 100
/** Most points of one answer over all of its groups. */
export const SERIES_ROWS_MAX = 20_000

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long a bucket is; days and longer ones follow the calendar and may be an hour shorter or longer, months three days. */
export const bucketMs = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '1d': DAY_MS,
  '1w': 7 * DAY_MS,
  '1mo': 28 * DAY_MS,
} as const

export const Bucket = z
  .enum(['1m', '5m', '15m', '1h', '6h', '1d', '1w', '1mo'])
  .describe(
    'Width of a point. Minutes and hours are counted from midnight of `time_zone`; days, weeks (from Monday) and months follow its calendar. The first and last are cut to the range. No series when absent',
  )
export type Bucket = z.infer<typeof Bucket>

/** The zone's name in JavaScript's own list; throws a RangeError for others. */
const isTimeZone = (name: string) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const TimeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z]/, 'is not the name of a time zone')
  .refine(isTimeZone, 'is not the name of a time zone')
  .default('UTC')
  .describe('IANA name of the time zone that buckets follow, such as Europe/Amsterdam')

export const Format = z
  .enum(['json', 'csv', 'ndjson'])
  .default('json')
  .describe('`csv` and `ndjson` stream one row after the other, and everything in the range instead of a page')
export type Format = z.infer<typeof Format>

/** A value to filter by; empty finds what is not known. */
export const Word = z.string().max(256)

/** A question over a range, in buckets and groups. */
export function SeriesQuery<D extends readonly [string, ...string[]], F extends z.ZodRawShape>(
  dimensions: D,
  filters: F,
) {
  return z
    .object({
      ...range,
      bucket: Bucket.optional(),
      time_zone: TimeZone,
      by: z.enum(dimensions).optional().describe('Adds a group for each value of this, the largest first'),
      groups: z.coerce.number().int().min(1).max(GROUPS_MAX).default(GROUPS_DEFAULT).describe('Groups at most'),
      format: Format,
      ...filters,
    })
    .superRefine((value, refinement) => {
      const { from, to, bucket, by, groups } = value as Pick<SeriesInput, 'from' | 'to' | 'bucket' | 'by' | 'groups'>
      const add = ({ path, error }: { path: string[]; error: string }) =>
        refinement.addIssue({ code: 'custom', path, message: error })
      if (!isForward({ from, to })) add(forward)
      if (!isBounded({ from, to })) add(bounded)
      const points = bucket === undefined ? 1 : lengthMs({ from, to }) / bucketMs[bucket]
      if (points > POINTS_MAX) add({ path: ['bucket'], error: `a series may have at most ${POINTS_MAX} points` })
      else if (by !== undefined && points * groups > SERIES_ROWS_MAX) {
        add({ path: ['groups'], error: `points times groups may be at most ${SERIES_ROWS_MAX}` })
      }
    })
}

/** What every such question has. */
export interface SeriesInput {
  from: string
  to: string
  bucket?: Bucket | undefined
  time_zone: string
  by?: string | undefined
  groups: number
  format: Format
}

/** The answer: the same figures over all, over time, and by group. */
export function Series<F extends z.ZodRawShape>(figures: F) {
  const points = z
    .array(z.object({ at: Moment.describe('Start of the bucket'), ...figures }))
    .describe('One for each bucket, also those in which nothing happened; empty without `bucket`')
  return z.object({
    from: Moment,
    to: Moment,
    bucket: Bucket.nullable(),
    time_zone: z.string(),
    by: z.string().nullable(),
    total: z.object(figures).describe('Over the whole range and all groups'),
    points,
    groups: z
      .array(z.object({ value: z.string().nullable().describe('Null where it is not known'), ...figures, points }))
      .describe('The largest first; empty without `by`'),
    groups_total: Count.describe('Groups that there are, those left out by `groups` included'),
  })
}
