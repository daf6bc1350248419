import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEAD_LETTERS_TOPIC, EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { ConsumedRecord, EventLog } from '../../../shared/kafka/event-log.ts'
import { PostgresEventLog } from '../../../shared/kafka/postgres/postgres-event-log.ts'
import { createLog } from '../../../shared/log.ts'
import type { Figures } from '../../../shared/metrics/figures.ts'
import { eventOf, marksOf, toValue } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { consume } from './consume.ts'
import { ingest } from './ingest.ts'
import { handleKafkaEvent } from './lambda.ts'

const log = createLog('periscope-ingest')
let stores: TestStores
let events: EventLog

beforeAll(async () => {
  stores = await openTestStores()
  const folder = new URL('../../../shared/kafka/postgres/migrations/', import.meta.url)
  await stores.database.migrate({ schema: 'event_log', folder })
  events = new PostgresEventLog(stores.database.pool(stores.database.urlAs('event_log')))
  await events.ensureTopic(EVENTS_TOPIC, { partitions: 3 })
  await events.ensureTopic(DEAD_LETTERS_TOPIC, { partitions: 3 })
})

afterAll(async () => {
  await events[Symbol.asyncDispose]()
  await stores[Symbol.asyncDispose]()
})

async function letters(): Promise<ConsumedRecord[]> {
  const found: ConsumedRecord[] = []
  const of = { topic: DEAD_LETTERS_TOPIC, group: 'test', batch_records_max: 100, batch_wait_ms: 1 }
  await using consumer = events.consume(of, async (batch) => {
    found.push(...batch)
  })
  await consumer.drained()
  return found
}

async function runsOf(tenant: string): Promise<number> {
  const rows = await stores.clickhouse.query('SELECT 1 FROM stream_runs FINAL WHERE tenant_id = {tenant:String}', {
    tenant,
  })
  return rows.length
}

test('what is in the event log is stored, and what cannot be is buried with its reason', async () => {
  const tenant_id = 'ten_consumed'
  const good = Array.from({ length: 20 }, (_, i) => eventOf('stream-end', { tenant_id, stream_id: `str_${i}` }))
  const headers = { event_type: 'stream-end', event_id: 'x' }
  const records = good.map((event) => ({ key: `${tenant_id}:${event.stream_id}`, headers, ...toValue(event) }))
  const bad = { key: 'k', headers, value: Buffer.from('{"a\u00e9\0') }
  const counted = { stored: 0, dead: 0, newest_ms: 0 }
  const before = Date.now()
  await using consumer = consume({
    ...stores,
    events,
    log,
    count: ({ stored, dead, newest_ms }) => {
      counted.stored += stored
      counted.dead += dead
      counted.newest_ms = newest_ms
    },
  })
  await events.produce(EVENTS_TOPIC, [...records, bad])
  await consumer.drained()
  expect(await runsOf(tenant_id)).toBe(20)
  expect(counted).toMatchObject({ stored: 20, dead: 1 })
  expect(counted.newest_ms).toBeGreaterThanOrEqual(before)
  const [letter, ...others] = await letters()
  expect(others).toEqual([])
  expect(letter?.key).toBe('k')
  expect(Buffer.from(letter?.value ?? [])).toEqual(bad.value)
  expect(letter?.headers).toMatchObject({
    ...headers,
    dead_reason: 'malformed_event',
    dead_from: expect.stringMatching(/^analytics_events\/\d+\/\d+$/),
  })
})

test('while one partition is held back, its host is heard only as far as that one was stored', async () => {
  const node_id = 'nod_held'
  const polls = [1, 2].map((second) =>
    eventOf('node-monitoring', { node_id, tenant_id: 'ten_held', occurred_at: `2026-11-24T00:00:0${second}.000Z` }),
  )
  for (const poll of polls) {
    const record = { key: 'ten_held', headers: { event_type: 'node-monitoring' }, ...toValue(poll) }
    await events.produce(EVENTS_TOPIC, [record, ...marksOf([poll], await events.partitions(EVENTS_TOPIC))])
  }
  const all: ConsumedRecord[] = []
  const of = { topic: EVENTS_TOPIC, group: 'held', batch_records_max: 1000, batch_wait_ms: 1 }
  await using consumer = events.consume(of, async (batch) => {
    all.push(...batch)
  })
  await consumer.drained()
  const heard = () => stores.clickhouse.query("SELECT seen_at, heard_at FROM hosts_heard WHERE node_id = 'nod_held'")
  const ours = all.filter(({ key }) => key.endsWith(node_id) || key === 'ten_held')
  const heldFrom = ours.findLastIndex(({ partition }) => partition === 1)
  await ingest(stores, ours.toSpliced(heldFrom, 1))
  expect(await heard()).toEqual([{ seen_at: polls[1]?.occurred_at, heard_at: polls[0]?.occurred_at }])
  await ingest(stores, ours.slice(heldFrom, heldFrom + 1))
  expect(await heard()).toEqual([{ seen_at: polls[1]?.occurred_at, heard_at: polls[1]?.occurred_at }])
})

test('a mark that says nothing is buried as any other record', async () => {
  const record = { value: Buffer.from('{}'), headers: { event_type: 'host-heard' }, partition: 0 }
  expect(await ingest(stores, [record])).toMatchObject({ failures: [{ record, fault: { reason: 'invalid_mark' } }] })
})

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

/** A batch as Lambda's event source mapping for MSK hands it over. */
function mskEvent(values: Record<string, Uint8Array[]>) {
  const records = Object.entries(values).map(([name, list]) => {
    const [topic, partition] = [EVENTS_TOPIC, Number(name.split('-').at(-1))]
    const of = { topic, partition, timestamp: 1_795_480_532_248, timestampType: 'CREATE_TIME', key: base64('k') }
    const headers = [{ event_type: [...Buffer.from('stream-end')] }]
    return [name, list.map((value, i) => ({ ...of, offset: 10 + i, value: base64(value), headers }))]
  })
  return { eventSource: 'aws:kafka', records: Object.fromEntries(records) }
}

test('a batch from Lambda’s event source is stored, and a bad record in it buried', async () => {
  const tenant_id = 'ten_lambda'
  const [a, b] = [eventOf('stream-end', { tenant_id }), eventOf('stream-end', { tenant_id })]
  const input = mskEvent({
    'analytics_events-0': [toValue(a).value, Buffer.from('no')],
    'analytics_events-2': [toValue(b).value],
  })
  const told: Figures[] = []
  const deps = { ...stores, events, log, tell: (figures: Figures) => void told.push(figures) }
  expect(await handleKafkaEvent(deps, input)).toEqual({ batchItemFailures: [] })
  expect(told).toEqual([{ DeadLetters: 1, IngestAge: expect.any(Number) }])
  expect(await runsOf(tenant_id)).toBe(2)
  expect(await letters()).toMatchObject([
    { key: 'k', headers: { event_type: 'stream-end', dead_from: 'analytics_events/0/11' } },
  ])
})

test('a record that cannot even be buried comes again, with its partition alone', async () => {
  await using withoutTopics = await openTestStores()
  const { database } = withoutTopics
  await database.migrate({
    schema: 'event_log',
    folder: new URL('../../../shared/kafka/postgres/migrations/', import.meta.url),
  })
  await using empty = new PostgresEventLog(database.pool(database.urlAs('event_log')))
  const input = mskEvent({ 'analytics_events-1': [toValue(eventOf('stream-end')).value, Buffer.from('no')] })
  const deps = { ...withoutTopics, events: empty, log, tell: () => undefined }
  const { batchItemFailures } = await handleKafkaEvent(deps, input)
  expect(batchItemFailures).toEqual([{ itemIdentifier: { 'topic-partition': 'analytics_events-1', offset: 11 } }])
})
