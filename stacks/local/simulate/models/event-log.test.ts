import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ConsumedRecord, EventLog, EventRecord } from '../../../../shared/kafka/event-log.ts'
import { PostgresEventLog } from '../../../../shared/kafka/postgres/postgres-event-log.ts'
import { freshDatabase, type TestDatabase } from '../../../../shared/testing/postgres.ts'
import { type Random, seededRandom } from '../kernel/random.ts'
import { Broker, SESSION_MS } from './broker.ts'
import { ModelEventLog } from './event-log.ts'

const SEEDS = 12
const STEPS = 6
const PARTITIONS = 3

let database: TestDatabase
let real: EventLog

beforeAll(async () => {
  database = await freshDatabase()
  const folder = new URL('../../../../shared/kafka/postgres/migrations/', import.meta.url)
  await database.migrate({ schema: 'event_log', folder })
  real = new PostgresEventLog(database.pool(database.urlAs('event_log')))
})

afterAll(async () => {
  await real[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

function records(random: Random): EventRecord[] {
  return Array.from({ length: random.integer(1, 30) }, (_, i) => {
    const key = `key-${random.integer(0, 9)}`
    return { key, value: Buffer.from(`${key} ${i}`), headers: { i: String(i) }, timestamp_ms: 1_000 + i }
  })
}

/** Consumes as one member until drained, or until its handler dies; answers what it was handed, partition by partition. */
async function consume(log: EventLog, topic: string, dies: boolean): Promise<ConsumedRecord[]> {
  const handed: ConsumedRecord[] = []
  const options = { topic, group: 'group', batch_records_max: 1_000, batch_wait_ms: 0 }
  await using consumer = log.consume(options, async (batch) => {
    handed.push(...batch.map((record) => ({ ...record, value: Uint8Array.from(record.value) })))
    if (dies) throw new Error('killed')
  })
  await Promise.race([consumer.drained(), consumer.done]).catch(() => undefined)
  return handed.sort((a, b) => a.partition - b.partition)
}

test('the model of the event log hands out, commits and numbers what the real one does', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seededRandom(seed)
    const broker = new Broker(() => Date.now())
    await using model = new ModelEventLog(async (work) => work(broker))
    const topic = `topic-${seed}`
    for (const log of [model, real]) await log.ensureTopic(topic, { partitions: PARTITIONS })
    for (let step = 0; step < STEPS; step++) {
      const made = records(random)
      const dies = random.chance(0.4)
      const seen = async (log: EventLog) => ({
        positions: await log.produce(topic, made),
        handed: await consume(log, topic, dies),
        lag: await log.lag({ topic, group: 'group' }),
      })
      expect(await seen(model), `seed ${seed}, step ${step}`).toEqual(await seen(real))
    }
  }
})

test('a member that the group has left behind commits nothing, and its partitions go to the others', () => {
  let now = 0
  const broker = new Broker(() => now)
  broker.ensureTopic('t', PARTITIONS)
  broker.append('t', [{ key: 'a', value: new Uint8Array(), headers: {} }])
  const slow = broker.join('t', 'g', 'slow')
  expect([...slow.next.keys()]).toEqual([0, 1, 2])
  now += SESSION_MS + 1
  const other = broker.join('t', 'g', 'other')
  expect([...other.next.keys()]).toEqual([0, 1, 2])
  const all = new Map([0, 1, 2].map((partition) => [partition, 1n]))
  expect(broker.commit('t', 'g', 'slow', { generation: slow.generation, next: all })).toBe(false)
  expect(broker.lag('t', 'g').map(({ committed }) => committed)).toEqual([0n, 0n, 0n])
  expect(broker.heartbeat('t', 'g', 'slow', slow.generation)).toBe(false)
  expect(broker.commit('t', 'g', 'other', { generation: other.generation, next: all })).toBe(true)
})
