import { z } from 'zod'

/** Longest range that one question may span, so that no answer reads without bound. */
export const RANGE_DAYS_MAX = 366
/** Most points of one series; a finer step over a longer range is refused. */
export const POINTS_MAX = 1_500

const DAY_MS = 24 * 60 * 60 * 1000

const Time = z.iso
  .datetime({ offset: true, error: 'a time with its zone is needed, such as 2026-11-24T00:00:00Z' })
  .transform((text) => new Date(text).toISOString())
/** RFC 3339 in UTC to the millisecond, in answers. */
export const Moment = z.iso.datetime({ precision: 3 })
export const Count = z.int().nonnegative()
export const Seconds = Count
export const Bytes = Count

export const range = {
  from: Time.describe('Start of the range, in it (RFC 3339)'),
  to: Time.describe('End of the range, no longer in it (RFC 3339)'),
}

/** A half-open range of time: `from` is in it, `to` is not. */
export type TimeRange = { from: string; to: string }

export const lengthMs = ({ from, to }: TimeRange) => Date.parse(to) - Date.parse(from)
export const isForward = ({ from, to }: TimeRange) => from < to
export const forward = { path: ['to'], error: '`to` must be later than `from`' }
export const isBounded = (whole: TimeRange) => lengthMs(whole) <= RANGE_DAYS_MAX * DAY_MS
export const bounded = { path: ['to'], error: `a range may span at most ${RANGE_DAYS_MAX} days` }
