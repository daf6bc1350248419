import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { ingest } from '../ingest/ingest.ts'
import { eventOf, readSessionEvents, toValue } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { FACTS_DAYS_MAX, FACTS_DAYS_MIN, keepFacts, listRetention } from './facts.ts'
import { forgetTenant } from './forget-tenant.ts'
import { createReadForgotten, FORGOTTEN_KEPT_MS } from './forgotten.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openTestStores({ forgets: true })
})

afterAll(() => stores[Symbol.asyncDispose]())

/** Something in every table, of two tenants. */
function eventsOf(tenant_id: string): StoredEvent[] {
  const polls = [eventOf('client-lifecycle'), eventOf('node-monitoring'), eventOf('load-balancing')]
  const session = readSessionEvents().filter((event) => event.tenant_id !== null)
  return [...session, ...polls].map((event) => ({ ...event, event_id: crypto.randomUUID(), tenant_id }))
}

/** How many rows each table of either store has of a tenant; asked of the stores themselves which tables they have. */
async function rowsOf(tenant_id: string): Promise<Map<string, number>> {
  const found = new Map<string, number>()
  const tables = await stores.clickhouse.query<{ table: string }>(
    `SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant_id'
       AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View')`,
  )
  for (const { table } of tables) {
    const [row] = await stores.clickhouse.query<{ n: string }>(
      `SELECT count() AS n FROM ${table} WHERE tenant_id = {tenant:String}`,
      { tenant: tenant_id },
    )
    found.set(table, Number(row?.n))
  }
  await stores.db.within({ tenant_id }, async (tx) => {
    const state = await sql<{ name: string }>`
      select c.table_name as name from information_schema.columns c
      where c.table_schema = 'periscope' and c.column_name = 'tenant_id'`.execute(tx)
    for (const { name } of state.rows) {
      const rows = await sql<{ n: string }>`select count(*) as n from ${sql.table(name)}`.execute(tx)
      found.set(name, Number(rows.rows[0]?.n))
    }
  })
  return found
}

test('a tenant that is forgotten is gone from every table, and no other tenant misses anything', async () => {
  for (const tenant_id of ['ten_gone', 'ten_stays']) {
    await ingest(stores, eventsOf(tenant_id).map(toValue))
    const logged_at = '2026-11-24T00:00:00.000Z'
    const letter = { dead_from: `analytics_events/0/${tenant_id}`, state: 'open', logged_at, tenant_id }
    await stores.clickhouse.insert('ingest_errors', [letter])
  }
  const before = await rowsOf('ten_gone')
  before.delete('forgotten_tenants')
  // Of what is rolled up Periscope Query's own test holds it: nothing is rolled up here.
  for (const name of ['rolled_hours', 'rolled_quality', 'rolled_states', 'rolled_visits']) before.delete(name)
  expect([...before].filter(([, rows]) => rows === 0)).toEqual([])
  const others = await rowsOf('ten_stays')
  await forgetTenant({ ...stores, untilHeard: async () => undefined }, 'ten_gone')
  const after = await rowsOf('ten_gone')
  expect([...after].filter(([, rows]) => rows > 0)).toEqual([['forgotten_tenants', 1]])
  expect(await rowsOf('ten_stays')).toEqual(others)
})

test('what comes out of the log later is not stored again, once the list has been read anew', async () => {
  let now = Date.parse('2026-11-24T01:00:00.000Z')
  const readForgotten = createReadForgotten(stores.clickhouse, () => new Date(now))
  const late = async () =>
    ingest({ ...stores, readForgotten }, [toValue(eventOf('stream-end', { tenant_id: 'ten_late' }))])
  const runs = async () => (await rowsOf('ten_late')).get('stream_runs')
  await late()
  await forgetTenant({ ...stores, untilHeard: async () => undefined }, 'ten_late')
  now += FORGOTTEN_KEPT_MS - 1
  await late()
  expect(await runs()).toBe(1)
  now += 1
  await late()
  expect(await runs()).toBe(1)
  await forgetTenant({ ...stores, untilHeard: async () => undefined }, 'ten_late')
  expect(await runs()).toBe(0)
})

test('every table says for how long it keeps its rows', async () => {
  const kept = Object.fromEntries((await listRetention(stores.clickhouse)).map(({ name, days }) => [name, days]))
  const facts = Object.fromEntries(
    [
      ...['buffer_states', 'ingest_attempts', 'pushes', 'recordings', 'routing_decisions', 'stream_runs'],
      ...['stream_views', 'track_lists', 'viewer_arrivals', 'viewer_sessions', 'forgotten_tenants'],
      ...['hour_changes', 'rolled_hours', 'rolled_quality', 'rolled_states', 'rolled_visits'],
    ].map((name) => [name, 400]),
  )
  expect(kept).toEqual({
    ...facts,
    ...{ client_samples: 30, node_samples: 30, stream_samples: 90 },
    ...{ unattributed_events: 90, host_heard: 90, usage_changes: 90, ingest_errors: 90 },
  })
})

test('what is older than that goes', async () => {
  const old = eventOf('stream-end', { tenant_id: 'ten_old', occurred_at: '2025-01-01T00:00:00.000Z' })
  const recent = eventOf('stream-end', { tenant_id: 'ten_old', occurred_at: new Date().toISOString() })
  await ingest(stores, [old, recent].map(toValue))
  await stores.clickhouse.command('OPTIMIZE TABLE stream_runs FINAL')
  expect((await rowsOf('ten_old')).get('stream_runs')).toBe(1)
})

test('facts can be kept longer, and not shorter than billing looks back', async () => {
  await using other = await openTestStores({ forgets: true })
  await keepFacts(other.clickhouse, 800)
  const kept = Object.fromEntries((await listRetention(other.clickhouse)).map(({ name, days }) => [name, days]))
  expect(kept).toMatchObject({
    viewer_sessions: 800,
    pushes: 800,
    rolled_quality: 800,
    client_samples: 30,
    usage_changes: 90,
  })
  for (const days of [FACTS_DAYS_MIN - 1, FACTS_DAYS_MAX + 1, 500.5, Number.NaN]) {
    await expect(keepFacts(other.clickhouse, days)).rejects.toThrow(RangeError)
  }
})
