import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Pool } from '../../postgres/pool.ts'
import { freshDatabase, type TestDatabase } from '../../testing/postgres.ts'
import { Claims } from './claims.ts'
import { ensureTopic, findTopic, readLag, type Topic } from './topic.ts'

const GROUP = 'fenced'
const SHORT_LEASE_MS = 50
let database: TestDatabase
let pool: Pool
let topic: Topic

beforeAll(async () => {
  database = await freshDatabase()
  await database.migrate({ schema: 'event_log', folder: new URL('migrations/', import.meta.url) })
  pool = database.pool(database.urlAs('event_log'))
  await ensureTopic(pool, 'claims', { partitions: 3 })
  topic = await findTopic(pool, 'claims')
})

afterAll(() => database[Symbol.asyncDispose]())

const committed = async () => (await readLag(pool, topic, GROUP)).map((row) => Number(row.committed))
const member = (leaseMs: number) => new Claims({ pool, topic, group: GROUP, leaseMs })

test('a member that lost its lease cannot commit over its successor, and learns that it lost', async () => {
  const paused = member(SHORT_LEASE_MS)
  await paused.join()
  while (paused.owned.size < 3) await paused.rebalance()
  expect([...paused.owned.keys()].sort()).toEqual([0, 1, 2])
  await paused.commit(new Map([[0, 10n]]))

  // The first member says nothing more, so its lease ends and the second gets its share.
  const successor = member(60_000)
  await successor.join()
  while (successor.owned.size < 3) await successor.rebalance()
  expect(successor.owned.get(0)?.next).toBe(10n)
  await successor.commit(new Map([[0, 20n]]))

  await paused.commit(
    new Map([
      [0, 15n],
      [1, 15n],
    ]),
  )
  expect(await committed()).toEqual([20, 0, 0])
  expect([...paused.owned.keys()]).toEqual([2])
  expect(await paused.dropLost()).toBe(true)
  expect(paused.owned.size).toBe(0)
  await successor.leave()
})

test('two members settle on disjoint shares that cover all partitions', async () => {
  const [first, second] = [member(60_000), member(60_000)]
  await first.join()
  await first.rebalance()
  expect(first.owned.size).toBe(3)
  await second.join()
  expect(await second.rebalance()).toBe(false)
  await first.rebalance()
  expect(await second.rebalance()).toBe(true)
  expect([...first.owned.keys(), ...second.owned.keys()].sort()).toEqual([0, 1, 2])
  await first.leave()
  await second.rebalance()
  expect(second.owned.size).toBe(3)
})
