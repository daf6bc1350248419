import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Pool, PoolClient } from '../../postgres/pool.ts'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { PostgresEventLog, RETENTION_INTERVAL_MS } from './postgres-event-log.ts'
import { EXPIRED_RECORDS_MAX } from './retention.ts'

/** Far below the slow poll of 1 s, so a consumer that only polled slowly would fail, and far above a busy machine's noise. */
const IDLE_LATENCY_MS_MAX = 250
const RUNS = 9
const ECHO_MS = 100

let database: TestDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.migrate({ schema: 'event_log', folder: new URL('migrations/', import.meta.url) })
})

afterAll(() => database[Symbol.asyncDispose]())

const openPool = (): Pool => database.pool(database.urlAs('event_log'))
const event = (key: string) => ({ key, value: new Uint8Array(), headers: {} })

/** Median time from a produce call to the handler, with the consumer idle before each. */
async function idleLatencyMs(log: PostgresEventLog): Promise<number> {
  const topic = crypto.randomUUID()
  await log.ensureTopic(topic, { partitions: 2 })
  let arrived = Promise.withResolvers<number>()
  await using consumer = log.consume({ topic, group: 'idle', batch_records_max: 10, batch_wait_ms: 0 }, async () => {
    arrived.resolve(performance.now())
  })
  const latencies: number[] = []
  for (let run = 0; run <= RUNS; run++) {
    arrived = Promise.withResolvers()
    const started = performance.now()
    await log.produce(topic, [event('a')])
    const at = await arrived.promise
    // The first run also opens the connections.
    if (run > 0) latencies.push(at - started)
    await consumer.drained()
  }
  return latencies.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.POSITIVE_INFINITY
}

test('an idle consumer is woken by a notification', async () => {
  await using log = new PostgresEventLog(openPool())
  expect(await idleLatencyMs(log)).toBeLessThan(IDLE_LATENCY_MS_MAX)
})

test('an idle consumer finds new records where notifications do not come through', async () => {
  // As behind a pooler that gives nobody a session of their own.
  const pool = openPool()
  const deaf = Object.assign(Object.create(pool), {
    query: pool.query.bind(pool),
    end: pool.end.bind(pool),
    connect: async () => {
      throw new Error('no session')
    },
  })
  await using log = new PostgresEventLog(deaf)
  expect(await idleLatencyMs(log)).toBeLessThan(IDLE_LATENCY_MS_MAX)
})

test('a connection that falls silent is given up for another', async () => {
  const pool = openPool()
  const clients: PoolClient[] = []
  const connect = async () => {
    const client = await pool.connect()
    clients.push(client)
    return client
  }
  const watched = Object.assign(Object.create(pool), {
    query: pool.query.bind(pool),
    end: pool.end.bind(pool),
    connect,
  })
  await using log = new PostgresEventLog(watched, { echo_ms: ECHO_MS })
  expect(await idleLatencyMs(log)).toBeLessThan(IDLE_LATENCY_MS_MAX)
  const [first] = clients
  // As when a firewall has forgotten the connection: nobody says that it is over.
  first?.removeAllListeners('notification')
  await expect.poll(() => clients.length).toBe(2)
  expect(clients[1]).not.toBe(first)
  expect(await idleLatencyMs(log)).toBeLessThan(IDLE_LATENCY_MS_MAX)
})

test('expired records go, oldest first and a bounded number at a time; offsets go on', async () => {
  await using log = new PostgresEventLog(openPool())
  const of = { topic: 'expiring', group: 'late' }
  await log.ensureTopic(of.topic, { partitions: 1, retention_ms: 1 })
  await log.ensureTopic('kept', { partitions: 1 })
  await log.produce('kept', [event('a')])
  await log.produce(
    of.topic,
    Array.from({ length: EXPIRED_RECORDS_MAX + 1 }, () => event('a')),
  )
  await expect.poll(() => log.deleteExpired()).toBe(EXPIRED_RECORDS_MAX)
  expect(await log.lag(of)).toMatchObject([{ committed: BigInt(EXPIRED_RECORDS_MAX), lag: 1n }])
  await expect.poll(() => log.deleteExpired()).toBe(1)
  expect(await log.lag({ topic: 'kept', group: 'late' })).toMatchObject([{ lag: 1n }])

  const [position] = await log.produce(of.topic, [event('a')])
  expect(position?.offset).toBe(BigInt(EXPIRED_RECORDS_MAX + 1))
})

test('a log that consumes deletes what has expired, all of it, each time that its interval is over', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  await using log = new PostgresEventLog(openPool())
  const of = { topic: 'expiring by itself', group: 'late' }
  await log.ensureTopic(of.topic, { partitions: 1, retention_ms: 1 })
  const many = Array.from({ length: EXPIRED_RECORDS_MAX + 1 }, () => event('a'))
  await log.produce(of.topic, many)
  log.consume({ topic: of.topic, group: 'reader', batch_records_max: 10_000, batch_wait_ms: 0 }, async () => undefined)
  const gone = async () => (await log.lag(of))[0]?.committed
  vi.advanceTimersByTime(RETENTION_INTERVAL_MS - 1)
  expect(await gone()).toBe(0n)
  vi.advanceTimersByTime(1)
  await expect.poll(gone).toBe(BigInt(many.length))
})
