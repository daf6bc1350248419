import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { quoteName } from '../../../shared/clickhouse/statements.ts'

/** Billing looks back a year, and a late fact a little more. */
export const FACTS_DAYS_MIN = 400
export const FACTS_DAYS_MAX = 3_660

const facts = [
  'buffer_states',
  'ingest_attempts',
  'pushes',
  'recordings',
  'routing_decisions',
  'stream_runs',
  'stream_views',
  'track_lists',
  'viewer_arrivals',
  'viewer_sessions',
]

/** Keeps facts for so many days from now on; older ones go soon. Throws a `RangeError` for too few or too many. */
export async function keepFacts(clickhouse: ClickHouse, days: number): Promise<void> {
  if (!Number.isInteger(days) || days < FACTS_DAYS_MIN || days > FACTS_DAYS_MAX) {
    throw new RangeError(`Facts are kept for ${FACTS_DAYS_MIN} to ${FACTS_DAYS_MAX} days.`)
  }
  for (const [names, time] of [
    [facts, 'toDateTime(occurred_at)'],
    [rolled, 'hour'],
  ] as const) {
    for (const name of names) {
      await clickhouse.command(`ALTER TABLE ${quoteName(name)} MODIFY TTL ${time} + INTERVAL ${days} DAY`)
    }
  }
}

/** What is rolled up of facts stays as long as they do. */
const rolled = ['hour_changes', 'rolled_hours', 'rolled_quality', 'rolled_states', 'rolled_visits']

interface Kept {
  name: string
  days: number | null
}

/** For how many days each table keeps its rows; null for one that keeps them for good. */
export async function listRetention(clickhouse: ClickHouse): Promise<Kept[]> {
  const rows = await clickhouse.query<{ name: string; days: string | null }>(
    `SELECT name, nullIf(extract(create_table_query, 'TTL [^\\n]*?toIntervalDay\\\\((\\\\d+)\\\\)'), '') AS days
     FROM system.tables WHERE database = currentDatabase() AND engine != 'View' AND name != 'migrations' ORDER BY name`,
  )
  return rows.map(({ name, days }) => ({ name, days: days === null ? null : Number(days) }))
}
