import fc from 'fast-check'
import { v5 } from 'uuid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ClickHouse, openClickHouse } from '../../../shared/clickhouse/client.ts'
import { eventTypes } from '../../../shared/events/catalogue.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { freePort } from '../../../shared/testing/port.ts'
import { createReadForgotten } from '../retention/forgotten.ts'
import { eventOf, readSessionEvents, toValue } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { ingest, readBatch, storeBatch } from './ingest.ts'

const session = readSessionEvents()
let stores: TestStores

beforeAll(async () => {
  stores = await openTestStores()
})

afterAll(() => stores[Symbol.asyncDispose]())

/** The events as another tenant's, and so as other events. */
function asOf(tenant_id: string, events: readonly StoredEvent[]): StoredEvent[] {
  return events.map((event) => ({
    ...event,
    event_id: v5(tenant_id, event.event_id),
    tenant_id: event.tenant_id && tenant_id,
  }))
}

const polls = () => [eventOf('client-lifecycle'), eventOf('node-monitoring'), eventOf('load-balancing')]

async function count(table: string, where: string, modifier = 'FINAL'): Promise<number> {
  const [row] = await stores.clickhouse.query<{ n: string }>(
    `SELECT count() AS n FROM ${table} ${modifier} WHERE ${where}`,
  )
  return Number(row?.n)
}

test('events of all twelve types are stored, and can be read back to the byte', async () => {
  const events = asOf('ten_types', [...session, ...polls()])
  expect(new Set(events.map(({ event_type }) => event_type))).toEqual(new Set(eventTypes))
  expect(await ingest(stores, events.map(toValue))).toEqual({ failures: [] })
  const contents = await stores.contents('ten_types')
  const empty = Object.entries(contents).filter(([, rows]) => rows.length === 0)
  expect(empty).toEqual([])
  const [sample] = contents.client_samples as { egress_bytes: string; egress_bytes_delta: null }[]
  expect(sample).toMatchObject({ egress_bytes: String(2 ** 53 - 1), egress_bytes_delta: null, position_seconds: 11.5 })
  const ended = session.filter(({ data, event_type }) => event_type === 'user-connection' && 'seconds' in data)
  const owned = new Set(ended.filter(({ tenant_id }) => tenant_id).map(({ event_id }) => event_id))
  expect(contents.viewer_sessions).toHaveLength(owned.size)
})

test('any shuffling, repetition and splitting of the events gives the same answers', async () => {
  const streams = session.filter(({ stream_name }) => stream_name !== 'live+test')
  const events = [...streams, ...polls()]
  const expected = asOf('ten_order', events)
  await ingest(stores, expected.map(toValue))
  const wanted = withoutIds(await stores.contents('ten_order'))
  let run = 0
  const anyDelivery = fc.record({
    order: fc.shuffledSubarray([...events, ...events.slice(0, 40)], { minLength: events.length + 40 }),
    sizes: fc.array(fc.integer({ min: 5, max: 90 }), { minLength: 1, maxLength: 6 }),
    again: fc.nat(60),
  })
  await fc.assert(
    fc.asyncProperty(anyDelivery, async ({ order, sizes, again }) => {
      run += 1
      const tenant = `ten_order_${run}`
      const delivered = asOf(tenant, [...order, ...order.slice(0, again)])
      for (let at = 0, i = 0; at < delivered.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1
        await ingest(stores, delivered.slice(at, at + size).map(toValue))
        at += size
      }
      expect(withoutIds(await stores.contents(tenant))).toEqual(wanted)
    }),
    { numRuns: 5 },
  )
})

/** What differs between two tenants that lived through the same: their ids, and what belongs to nobody. */
function withoutIds({ unattributed: _, ...contents }: Record<string, unknown[]>) {
  const sorted = Object.entries(contents).map(([name, rows]) => [
    name,
    rows.map((row) => JSON.stringify({ ...Object(row), tenant_id: '', event_id: '' })).sort(),
  ])
  return Object.fromEntries(sorted)
}

test('a batch that is repeated as it was is not even written again', async () => {
  const events = Array.from({ length: 3 }, () => eventOf('stream-end', { tenant_id: 'ten_token' }))
  for (let i = 0; i < 3; i += 1) await ingest(stores, events.map(toValue))
  expect(await count('stream_runs', "tenant_id = 'ten_token'", '')).toBe(3)
})

test('a batch is stored in one insert a table, and its changes are told once, after it', async () => {
  const tenant_id = 'ten_inserts'
  const events = Array.from({ length: 500 }, () => eventOf('stream-end', { tenant_id }))
  const [first, ...others] = [...events, eventOf('client-lifecycle', { tenant_id })].map(toValue)
  const bad = { value: Buffer.from('no') }
  const inserts: string[] = []
  const clickhouse: ClickHouse = {
    ...stores.clickhouse,
    insert: async (table, rows, options) => {
      await stores.clickhouse.insert(table, rows, options)
      inserts.push(table)
    },
    insertBlock: async (table, block, options) => {
      await stores.clickhouse.insertBlock(table, block, options)
      inserts.push(table)
    },
  }
  const { failures } = await ingest({ ...stores, clickhouse }, [first ?? bad, bad, ...others])
  expect(failures).toMatchObject([{ record: bad, fault: { reason: 'malformed_event' } }])
  expect(await count('stream_runs', "tenant_id = 'ten_inserts'")).toBe(events.length)
  expect(inserts.slice(0, 2).sort()).toEqual(['client_samples', 'stream_runs'])
  expect(inserts.slice(2).sort()).toEqual(['hour_changes', 'usage_changes'])
})

test('a tenant that was forgotten while its batch waited is not stored', async () => {
  const [tenant_id, other] = ['ten_forgotten', 'ten_remembered']
  const read = await readBatch(
    [tenant_id, other].map((tenant) => toValue(eventOf('stream-end', { tenant_id: tenant }))),
  )
  await storeBatch({ ...stores, readForgotten: async () => new Set([tenant_id]) }, read)
  expect(await count('stream_runs', "tenant_id = 'ten_forgotten'")).toBe(0)
  expect(await count('stream_runs', "tenant_id = 'ten_remembered'")).toBe(1)
})

test('an event without an owner is kept whole, for operators', async () => {
  const stray = eventOf('stream-end', { tenant_id: null, stream_id: null, stream_name: 'dynvod' })
  await ingest(stores, [toValue(stray)])
  const [row] = await stores.clickhouse.query<{ event: string }>(
    'SELECT event FROM unattributed_events FINAL WHERE event_id = {id:UUID}',
    { id: stray.event_id },
  )
  expect(JSON.parse(row?.event ?? '')).toEqual(stray)
  expect(await count('stream_runs', `event_id = '${stray.event_id}'`)).toBe(0)
})

test('no whole address of a viewer gets into the stores', async () => {
  const arrival = session.find(({ event_type }) => event_type === 'user-connection')
  const event = { ...arrival, tenant_id: 'ten_address', data: { ...arrival?.data, host: '203.0.113.77' } }
  expect(await ingest(stores, [toValue(event)])).toEqual({ failures: [] })
  expect(await count('viewer_arrivals', "tenant_id = 'ten_address' AND host = '203.0.113.0'")).toBe(1)
})

describe('a record that cannot be stored', () => {
  test.each([
    ['no JSON', Buffer.from('{"a":'), 'malformed_event'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'malformed_event'],
    ['empty', new Uint8Array(), 'malformed_event'],
    ['no event', Buffer.from('{}'), 'invalid_event'],
    ['of a later version', toValue({ ...eventOf('stream-end'), schema_version: 2 }).value, 'invalid_event'],
  ])('is named with its reason when it is %s, and the others are stored', async (name, value, reason) => {
    const tenant_id = `ten_${name}`
    const good = [eventOf('stream-end', { tenant_id }), eventOf('stream-end', { tenant_id })].map(toValue)
    const bad = { value }
    const { failures } = await ingest(stores, [...good.slice(0, 1), bad, ...good.slice(1)])
    expect(failures).toEqual([{ record: bad, fault: expect.objectContaining({ reason, retry: false }) }])
    expect(await count('stream_runs', `tenant_id = '${tenant_id}'`)).toBe(2)
  })

  test('because a store refuses its content is found among the others', async () => {
    const tenant_id = 'ten_poison'
    const fine = Array.from({ length: 20 }, (_, i) => eventOf('stream-lifecycle', { tenant_id, stream_id: `str_${i}` }))
    const data = { ...eventOf('stream-lifecycle').data, reason: 'a\0b' }
    const poison = eventOf('stream-lifecycle', { tenant_id, stream_id: 'str_poison', data })
    const records = fine.map(toValue).toSpliced(7, 0, toValue(poison))
    const { failures } = await ingest(stores, records)
    expect(failures.map(({ record }) => record)).toEqual([records[7]])
    const state = await stores.db.within({ tenant_id }, (tx) =>
      tx.selectFrom('stream_state').select('stream_id').distinct().execute(),
    )
    expect(state).toHaveLength(fine.length)
  })
})

describe('while a store', () => {
  test('is out of reach, the batch is to come again', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    await using clickhouse = openClickHouse({ ...stores.target, url })
    const run = ingest({ ...stores, clickhouse }, [toValue(eventOf('stream-end'))])
    await expect(run).rejects.toMatchObject({ reason: 'clickhouse_unavailable', retry: true })
  })

  test('refuses everything, no event is given up for it', async () => {
    await using clickhouse = openClickHouse({ ...stores.target, database: 'nowhere' })
    const run = ingest({ ...stores, clickhouse }, [toValue(eventOf('stream-end'))])
    await expect(run).rejects.toMatchObject({ reason: 'store_refuses', retry: true })
    const readForgotten = createReadForgotten(clickhouse, () => new Date())
    const asked = ingest({ ...stores, readForgotten }, [toValue(eventOf('stream-end'))])
    await expect(asked).rejects.toMatchObject({ reason: 'store_refuses', retry: true })
  })
})
