import { z } from 'zod'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import type { Clock } from '../../../shared/clock.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Job } from '../../../shared/jobs.ts'
import { rollUpQuality } from '../quality/rolled-quality.ts'
import type { QuestionLimits } from '../rows/limits.ts'
import { questionLimits } from '../rows/limits.ts'
import { readerFor } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { rollUpVisits } from '../viewers/visits.ts'
import { LATE_MS_MAX } from './rolled.ts'
import { HOUR_MS } from './split.ts'

/** An hour is rolled up so long after its end, when hosts have told what they had to, as a rule; what comes later makes it be rolled up anew. */
export const SETTLE_MS = 2 * HOUR_MS
/** Hours that are rolled up at once. */
const CHUNK_MS = 24 * HOUR_MS
/** A change may be stamped so long before its event can be read everywhere. */
export const STAMPED_EARLY_MS_MAX = 60_000
export const ROLL_UP_INTERVAL_SECONDS = 60
/** It asks what a tenant may ask, and a whole day of it. */
const limits: QuestionLimits = questionLimits

interface Deps {
  clickhouse: ClickHouse
  clock: Clock
  /** `STAMPED_EARLY_MS_MAX` when absent. */
  stampedEarlyMs?: number
}

const Due = z.array(z.object({ tenant_id: z.string(), from_ms: whole, rolled_ms: whole }))

/** Rolls up what is due, tenant by tenant and day by day, until all is or the signal ends it; what is done by then stays. */
export async function rollUp(deps: Deps, signal: AbortSignal): Promise<void> {
  const { clickhouse, clock, stampedEarlyMs = STAMPED_EARLY_MS_MAX } = deps
  const now = clock()
  const end = Math.floor((now.getTime() - SETTLE_MS) / HOUR_MS) * HOUR_MS
  for (const { tenant_id, from_ms, rolled_ms } of await readDue(clickhouse, end, now)) {
    const reader = readerFor(clickhouse, tenant_id, limits)
    for (let from = from_ms; from < end; from += CHUNK_MS) {
      if (signal.aborted) return
      const to = Math.min(from + CHUNK_MS, end)
      const range = { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
      const version = (await readTime(clickhouse)) - stampedEarlyMs
      // Whoever rolls up the same at once and ends first has its rows replaced by these: they hold once this run has ended too.
      const changed_at = new Date(version - 1).toISOString()
      await clickhouse.insert('hour_changes', [{ tenant_id, hour: toSeconds(from), changed_at }])
      await rollUpVisits(reader, range, version)
      await rollUpQuality(reader, range, version, from === from_ms && rolled_ms === 0 ? 0 : from)
      // States last into the hours after these, which are to be rolled up anew too.
      if (to < rolled_ms) await clickhouse.insert('hour_changes', [{ tenant_id, hour: toSeconds(to) }])
      const hours = Array.from({ length: (to - from) / HOUR_MS }, (_, index) => toSeconds(from + index * HOUR_MS))
      await clickhouse.insert(
        'rolled_hours',
        hours.map((hour) => ({ tenant_id, hour, version: new Date(version).toISOString() })),
      )
    }
  }
}

export function createRollUpJob(deps: Deps): Job {
  return { every_seconds: ROLL_UP_INTERVAL_SECONDS, run: (signal) => rollUp(deps, signal) }
}

const toSeconds = (ms: number) => ms / 1000

/** From where on each tenant is to be rolled up of whom something was heard since, and up to where it once was. */
async function readDue(clickhouse: ClickHouse, end: number, now: Date) {
  const rows = await clickhouse.query<unknown>(
    `SELECT tenant_id, until AS rolled_ms,
       toInt64(if(until = 0, assumeNotNull(first), least(until, ifNull(stale, until)))) AS from_ms
     FROM (
       SELECT tenant_id, toInt64(maxIf(toUnixTimestamp(hour) + 3600, version > 0)) * 1000 AS until,
         minOrNullIf(toInt64(toUnixTimestamp(hour)) * 1000, changed >= 0) AS first,
         minOrNullIf(toInt64(toUnixTimestamp(hour)) * 1000, changed >= version AND toUnixTimestamp(hour) * 1000 >= {late:Int64}) AS stale
       FROM (
         SELECT tenant_id, hour, max(changed_at) AS changed, max(rolled_at) AS version FROM (
           SELECT tenant_id, hour, toUnixTimestamp64Milli(changed_at) AS changed_at, toInt64(0) AS rolled_at FROM hour_changes
           UNION ALL
           SELECT tenant_id, hour, toInt64(-1), toUnixTimestamp64Milli(version) FROM rolled_hours
         ) GROUP BY tenant_id, hour
       ) GROUP BY tenant_id
     )
     WHERE tenant_id NOT IN (SELECT tenant_id FROM forgotten_tenants) AND from_ms < {end:Int64} AND (stale IS NOT NULL OR until = 0)
     ORDER BY from_ms DESC, tenant_id`,
    { end, late: now.getTime() - LATE_MS_MAX },
  )
  const due = Due.safeParse(rows)
  if (due.success) return due.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: due.error })
}

/** By ClickHouse's own clock, which stamps changes too. */
async function readTime(clickhouse: ClickHouse): Promise<number> {
  const [row] = await clickhouse.query<{ now: string }>('SELECT toUnixTimestamp64Milli(now64(3)) AS now')
  return Number(row?.now)
}
