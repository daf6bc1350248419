import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEAD_LETTERS_TOPIC, EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { EventLog } from '../../../shared/kafka/event-log.ts'
import { PostgresEventLog } from '../../../shared/kafka/postgres/postgres-event-log.ts'
import { createLog } from '../../../shared/log.ts'
import { consume } from '../ingest/consume.ts'
import { eventOf, toValue } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { listDeadLetters, replayDeadLetters } from './dead-letters.ts'

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

/** Periscope Ingest takes all that is in the log. */
async function store(): Promise<void> {
  await using consumer = consume({ ...stores, events, log, count: () => undefined })
  await consumer.drained()
}

const headersOf = (tenant_id: string) => ({ event_type: 'stream-end', event_id: 'e', tenant_id })

/** A record that is broken in itself, and one that only ClickHouse cannot take yet. */
async function produceBroken(tenant_id: string): Promise<void> {
  const value = Buffer.from('{"a":')
  await events.produce(EVENTS_TOPIC, [{ key: 'k', value, headers: headersOf(tenant_id) }])
}

/** As an operator would find it after a mistake of ours that is mended now: a good event among the dead letters. */
async function buryGood(tenant_id: string): Promise<void> {
  const headers = { ...headersOf(tenant_id), dead_reason: 'too_new', dead_detail: 'x', dead_from: `old/${tenant_id}/1` }
  const { value } = toValue(eventOf('stream-end', { tenant_id }))
  await events.produce(DEAD_LETTERS_TOPIC, [{ key: 'k', value, headers }])
  const logged_at = '2026-11-24T00:00:00.000Z'
  const row = { dead_from: `old/${tenant_id}/1`, state: 'open', logged_at, ...headersOf(tenant_id), reason: 'too_new' }
  await stores.clickhouse.insert('ingest_errors', [row])
}

const runsOf = async (tenant: string) => {
  const where = 'WHERE tenant_id = {tenant:String}'
  return (await stores.clickhouse.query(`SELECT 1 FROM stream_runs FINAL ${where}`, { tenant })).length
}

const open = (tenant_id: string) => listDeadLetters(stores.clickhouse, { tenant_id })
const replay = (tenant_id: string) => replayDeadLetters({ ...stores, events }, { tenant_id })

test('a letter is listed with when, whose, what, why and from where', async () => {
  await produceBroken('ten_listed')
  await store()
  expect(await open('ten_listed')).toEqual([
    {
      dead_from: expect.stringMatching(/^analytics_events\/\d\/\d+$/),
      logged_at: expect.stringMatching(/Z$/),
      tenant_id: 'ten_listed',
      event_type: 'stream-end',
      reason: 'malformed_event',
      detail: 'not JSON in UTF-8',
    },
  ])
})

test('no more than a number of letters is listed, the oldest', async () => {
  for (let times = 0; times < 3; times += 1) await produceBroken('ten_many')
  await store()
  const all = await open('ten_many')
  expect(all).toHaveLength(3)
  expect(await listDeadLetters(stores.clickhouse, { tenant_id: 'ten_many' }, 2)).toEqual(all.slice(0, 2))
})

describe('replaying', () => {
  beforeEach(store)

  test('stores what can be stored now, and is then done with it', async () => {
    await buryGood('ten_mended')
    expect(await replay('ten_mended')).toBe(1)
    await store()
    expect(await runsOf('ten_mended')).toBe(1)
    expect(await open('ten_mended')).toEqual([])
    expect(await replay('ten_mended')).toBe(0)
  })

  test('leaves what fails again as the same letter, however often', async () => {
    await produceBroken('ten_again')
    await store()
    const before = await open('ten_again')
    for (let times = 0; times < 3; times += 1) {
      expect(await replay('ten_again')).toBe(1)
      expect(await open('ten_again')).toEqual([])
      await store()
      expect(await open('ten_again')).toMatchObject([{ dead_from: before[0]?.dead_from, reason: 'malformed_event' }])
    }
  })

  test('takes those alone that fit', async () => {
    await buryGood('ten_kept')
    const deps = { ...stores, events }
    const ours = { tenant_id: 'ten_kept' }
    for (const other of [
      { reason: 'other' },
      { event_type: 'stream-view' },
      { from: '2026-11-24T00:00:00.001Z' },
      { to: '2026-11-24T00:00:00.000Z' },
    ]) {
      expect(await replayDeadLetters(deps, { ...ours, ...other })).toBe(0)
    }
    const all = { reason: 'too_new', event_type: 'stream-end', from: '2026-11-24T00:00:00.000Z' }
    expect(await replayDeadLetters(deps, { ...ours, ...all })).toBe(1)
  })

  test('that broke off between the log and its mark does it again, and nothing counts twice', async () => {
    await buryGood('ten_cut')
    const cut = { ...stores.clickhouse, insert: () => Promise.reject(new Error('cut off')) }
    await expect(replayDeadLetters({ events, clickhouse: cut }, { tenant_id: 'ten_cut' })).rejects.toThrow('cut off')
    expect(await open('ten_cut')).toHaveLength(1)
    expect(await replay('ten_cut')).toBe(1)
    await store()
    expect(await runsOf('ten_cut')).toBe(1)
  })
})
