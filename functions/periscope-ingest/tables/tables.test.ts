import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventOf, readSessionEvents } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { clickhouseTypeOf } from './column.ts'
import type { OwnedEvent } from './table.ts'
import { tables } from './tables.ts'
import { toUnattributedRow, unattributedEvents } from './unattributed-events.ts'

/** Tables whose rows are no events. */
const OTHERS = `('migrations', 'usage_changes', 'host_heard', 'ingest_errors', 'forgotten_tenants', 'hour_changes',
  'rolled_hours', 'rolled_quality', 'rolled_states', 'rolled_visits')`

let stores: TestStores

beforeAll(async () => {
  stores = await openTestStores()
})

afterAll(() => stores[Symbol.asyncDispose]())

test('the live tables have exactly the columns that rows are written with', async () => {
  const live = await stores.clickhouse.query<{ table: string; columns: [string, string][] }>(
    `SELECT table, arraySort(x -> x.3, groupArray((name, type, position))) AS columns
     FROM system.columns WHERE database = currentDatabase()
       AND table NOT IN ${OTHERS}
       AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View')
     GROUP BY table`,
  )
  const liveColumns = live.map(({ table, columns }) => [table, columns.map(([name, type]) => [name, type])])
  const written = [...tables, unattributedEvents].map(({ name, columns }) => [
    name,
    Object.entries(columns).map(([column, schema]) => [column, clickhouseTypeOf(schema)]),
  ])
  expect(Object.fromEntries(liveColumns)).toEqual(Object.fromEntries(written))
})

test('a row has all columns of its table and nothing else, as it is sent without their names', () => {
  const polls = [eventOf('client-lifecycle'), eventOf('node-monitoring'), eventOf('load-balancing')]
  const events = [...readSessionEvents(), ...polls]
  const owned = events.filter((event): event is OwnedEvent => event.tenant_id !== null)
  for (const { name, columns, of, toRows } of tables) {
    const rows = owned.filter(({ event_type }) => event_type === of).flatMap(toRows)
    expect(rows, name).not.toEqual([])
    for (const row of rows) expect(Object.keys(row).sort(), name).toEqual(Object.keys(columns).sort())
  }
  const strays = events.map(toUnattributedRow)
  for (const row of strays) expect(Object.keys(row).sort()).toEqual(Object.keys(unattributedEvents.columns).sort())
})

test('a row of every table is its event’s only one, whenever merges run', async () => {
  const live = await stores.clickhouse.query<{ name: string; engine: string; sorting_key: string }>(
    `SELECT name, engine, sorting_key FROM system.tables WHERE database = currentDatabase() AND engine != 'View'
       AND name NOT IN ${OTHERS}`,
  )
  expect(live).toHaveLength(tables.length + 1)
  for (const { name, engine, sorting_key } of live) {
    expect(engine, name).toBe('ReplacingMergeTree')
    expect(sorting_key.split(', '), name).toContain('event_id')
    expect(sorting_key, name).toMatch(name === 'unattributed_events' ? /^occurred_at/ : /^tenant_id, /)
  }
})
