import { z } from 'zod'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Reader } from '../rows/reader.ts'
import { type Source, whole } from '../rows/source.ts'
import { HOUR_MS } from './split.ts'

/** What comes later than this changes nothing that is rolled up: samples, of which it would be made anew, go after 30 days. */
export const LATE_DAYS_MAX = 25
export const LATE_MS_MAX = LATE_DAYS_MAX * 86_400_000

const Until = z.object({ until: z.coerce.number() })

/**
 * Up to when everything of the tenant is rolled up and holds, in Unix ms; 0 when nothing is. An hour with a change that is
 * newer than its rows ends it, as states last into the hours after it.
 */
export async function readRolledUntil({ ask, rows }: Pick<Reader, 'ask' | 'rows'>, now: Date): Promise<number> {
  const late = whole(now.getTime() - LATE_MS_MAX)
  const [found] = await ask(Until)`
    SELECT toInt64(least(maxIf(toUnixTimestamp(hour), version > 0) * 1000 + ${whole(HOUR_MS)},
      ifNull(minOrNullIf(toUnixTimestamp(hour), changed >= version AND toUnixTimestamp(hour) * 1000 >= ${late}) * 1000,
        toInt64(1) << 60))) AS until
    FROM (
      SELECT hour, max(changed_at) AS changed, max(rolled_at) AS version FROM (
        SELECT hour, toUnixTimestamp64Milli(changed_at) AS changed_at, toInt64(0) AS rolled_at FROM ${rows('hour_changes')} AS told
        UNION ALL
        SELECT hour, toInt64(-1), toUnixTimestamp64Milli(version) FROM ${rows('rolled_hours')} AS kept
      ) AS each
      GROUP BY hour
    ) AS hours
    HAVING countIf(version > 0) > 0`
  return found?.until ?? 0
}

/** The rows of whole hours that were rolled up last. */
export function rolledRows(
  { rows, derive }: Pick<Reader, 'rows' | 'derive'>,
  table: 'rolled_visits' | 'rolled_quality',
  range: TimeRange,
  stream_id?: string,
): Source {
  return derive`
    SELECT * FROM ${rows(table, { ...range, stream_id })} AS kept
    WHERE (hour, version) IN (SELECT hour, max(version) FROM ${rows('rolled_hours', range)} AS hours GROUP BY hour)`
}
