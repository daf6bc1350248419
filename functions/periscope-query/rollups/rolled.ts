import { z } from 'zod'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Ctx } from '../deps.ts'
import { earlierOf } from '../rows/lasting.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { type Source, whole as wholeValue } from '../rows/source.ts'
import { HOUR_MS } from './split.ts'

/** What comes later than this changes nothing that is rolled up: samples, of which it would be made anew, go after 30 days. */
export const LATE_DAYS_MAX = 25
export const LATE_MS_MAX = LATE_DAYS_MAX * 86_400_000

const Until = z.object({ hours_kept: whole, rolled: z.coerce.number(), stale: z.coerce.number().nullable() })

/**
 * Up to when everything of the tenant is rolled up and holds, in Unix ms; 0 when nothing is. An hour with a change that is
 * newer than its rows ends it, as states last into the hours after it.
 */
async function readRolledUntil({ ask, rows }: Pick<Reader, 'ask' | 'rows'>, now: Date): Promise<number> {
  const [found] = await ask(Until)`
    SELECT countIf(version > 0) AS hours_kept, maxIf(hour_ms, version > 0) AS rolled,
      minOrNullIf(hour_ms, changed >= version AND hour_ms >= ${wholeValue(now.getTime() - LATE_MS_MAX)}) AS stale
    FROM (
      SELECT toInt64(toUnixTimestamp(hour)) * 1000 AS hour_ms, max(changed_ms) AS changed, max(version_ms) AS version FROM (
        SELECT hour, toUnixTimestamp64Milli(changed_at) AS changed_ms, 0 AS version_ms FROM ${rows('hour_changes')} AS told
        UNION ALL
        SELECT hour, -1, toUnixTimestamp64Milli(version) FROM ${rows('rolled_hours')} AS kept
      ) AS each
      GROUP BY hour
    ) AS hours`
  if (found === undefined || found.hours_kept === 0) return 0
  return Math.min(found.rolled + HOUR_MS, found.stale ?? Number.POSITIVE_INFINITY)
}

const known = new WeakMap<Ctx, Promise<number>>()

/** The same for a request, in which it is read once: all parts of an answer then are of one moment. */
export function rolledUntilOf(ctx: Ctx): Promise<number> {
  const until = known.get(ctx) ?? readRolledUntil(readerOf(ctx), ctx.now())
  known.set(ctx, until)
  return until
}

/** The rows of whole hours that were rolled up last. */
export function rolledRows(
  { rows, derive }: Pick<Reader, 'rows' | 'derive'>,
  table: 'rolled_visits' | 'rolled_quality' | 'rolled_states',
  range: TimeRange,
  stream_id?: string,
): Source {
  return derive`
    SELECT * FROM ${rows(table, { ...range, stream_id })} AS kept
    WHERE (hour, version) IN (SELECT hour, max(version) FROM ${rows('rolled_hours', range)} AS hours GROUP BY hour)`
}

/** From when on events are to be read to know what a time was like, and the states that lasted then. */
export interface Before {
  since: string
  /** Rows of `rolled_states`; absent where events go back as far as a state may. */
  states: Source | undefined
}

/** What is to be known of the time before a range, of which everything is rolled up until a moment (Unix ms). */
export function beforeOf(
  reader: Pick<Reader, 'rows' | 'derive'>,
  range: TimeRange,
  until: number,
  stream_id?: string,
): Before {
  const edge = Math.floor(Date.parse(range.from) / HOUR_MS) * HOUR_MS
  if (edge > until) return { since: earlierOf(range).from, states: undefined }
  const [from, since] = [new Date(edge - HOUR_MS).toISOString(), new Date(edge).toISOString()]
  return { since, states: rolledRows(reader, 'rolled_states', { from, to: since }, stream_id) }
}
