import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '../fault.ts'
import { type Database, openDatabase } from '../postgres/database.ts'
import type { Pool } from '../postgres/pool.ts'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { findAlike, settleAlike } from './alike.ts'
import { DELAY_MAX_MS, delayBefore, FIRST_DELAY_MS } from './delay.ts'
import { ATTEMPTS_MAX, drain, type Handler, IN_FLIGHT_MAX, LEASE_MS, RETENTION_DAYS } from './drain.ts'
import { enqueue, type Message } from './enqueue.ts'

let database: TestDatabase
let owner: Pool
let db: Database<object>
let other: Database<object>
let now = new Date('2026-01-01T00:00:00Z')
const clock = () => now
const later = (ms: number) => {
  now = new Date(now.getTime() + ms)
}

beforeAll(async () => {
  database = await freshDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  const text = await readFile(new URL('outbox.sql', import.meta.url), 'utf8')
  await writeFile(join(folder, '001_outbox.sql'), text.replaceAll('SERVICE', 'sample'))
  await database.migrate({ schema: 'sample', folder: pathToFileURL(folder) })
  owner = database.pool()
  db = openDatabase(database.pool(database.urlAs('sample')))
  other = openDatabase(database.pool(database.urlAs('sample')))
})
afterAll(async () => {
  await Promise.all([db[Symbol.asyncDispose](), other[Symbol.asyncDispose]()])
  await database[Symbol.asyncDispose]()
})
beforeEach(() => owner.query('truncate sample.outbox'))

const put = (payload: unknown, message: Partial<Message> = {}, tenant_id = 'ten_a') =>
  db.within({ tenant_id }, (tx) => enqueue(tx, { kind: 'note', tenant_id, payload, ...message }, now))

const run = (handler: Handler, { at = db, batch_max = 100 } = {}) =>
  drain(at, { note: handler }, { now: clock, batch_max })
const rows = async () =>
  (await owner.query('select attempts, last_error, parked_at, done_at, due_at from sample.outbox order by seq')).rows

test('a message exists if and only if its transaction commits', async () => {
  const broken = db.within({ tenant_id: 'ten_a' }, async (tx) => {
    await enqueue(tx, { kind: 'note', tenant_id: 'ten_a', payload: 1 }, now)
    throw new Error('changed my mind')
  })
  await expect(broken).rejects.toThrow('changed my mind')
  const id = await put({ text: 'ä' })
  const got: unknown[] = []
  const outcome = await run(async (payload, meta) => void got.push(payload, meta.id, meta.attempt, meta.tenant_id))
  expect(got).toEqual([{ text: 'ä' }, id, 1, 'ten_a'])
  expect(outcome).toEqual({ delivered: 1, failed: 0, left: 0 })
})

test('a tenant’s transaction reads no message and writes none for another tenant', async () => {
  await put(1)
  const seen = await db.within({ tenant_id: 'ten_a' }, (tx) =>
    tx
      .selectFrom('outbox' as never)
      .selectAll()
      .execute(),
  )
  expect(seen).toEqual([])
  const foreign = db.within({ tenant_id: 'ten_a' }, (tx) =>
    enqueue(tx, { kind: 'note', tenant_id: 'ten_b', payload: 1 }, now),
  )
  await expect(foreign).rejects.toThrow(/row-level security/)
})

test('two who drain at once share the messages, each of which is done once', async () => {
  for (let n = 0; n < 40; n++) await put(n)
  const got: unknown[] = []
  const handler: Handler = async (payload) => void got.push(payload)
  const outcomes = await Promise.all([
    run(handler),
    run(handler, { at: other }),
    run(handler),
    run(handler, { at: other }),
  ])
  expect(outcomes.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(40)
  expect(got.toSorted((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 40 }, (_, n) => n))
})

test('a drainer that crashes between claim and outcome loses nothing: the lease runs out', async () => {
  await put('fragile')
  const crash = Promise.withResolvers<void>()
  const claimed = Promise.withResolvers<void>()
  const crashed = run(async () => {
    claimed.resolve()
    await crash.promise
  })
  await claimed.promise
  const got: number[] = []
  const handler: Handler = async (_, { attempt }) => void got.push(attempt)
  expect(await run(handler, { at: other })).toEqual({ delivered: 0, failed: 0, left: 0 })
  later(LEASE_MS)
  expect(await run(handler, { at: other })).toEqual({ delivered: 1, failed: 0, left: 0 })
  expect(got).toEqual([2])
  // The first one wakes up too late and fails: what the second recorded stands.
  crash.reject(new Error('too late'))
  await crashed
  expect(await rows()).toMatchObject([{ attempts: 2, last_error: null, done_at: now }])
})

describe('messages of one key', () => {
  test('are done in order, one at a time, whoever drains, while other keys go on', async () => {
    for (let n = 0; n < 12; n++) for (const key of ['a', 'b', 'c']) await put({ key, n }, { order_key: key })
    const got: Record<string, number[]> = { a: [], b: [], c: [] }
    const working = new Set<string>()
    const handler: Handler = async (payload) => {
      const { key, n } = payload as { key: string; n: number }
      expect(working.has(key)).toBe(false)
      working.add(key)
      await owner.query('select 1')
      got[key]?.push(n)
      working.delete(key)
    }
    while ((await rows()).some(({ done_at }) => done_at === null))
      await Promise.all([run(handler), run(handler, { at: other })])
    const inOrder = Array.from({ length: 12 }, (_, n) => n)
    expect(got).toEqual({ a: inOrder, b: inOrder, c: inOrder })
  })

  test('wait for one that failed, and not for one that is parked', async () => {
    await put('first', { order_key: 'k' })
    await put('second', { order_key: 'k' })
    const got: unknown[] = []
    const failing =
      (fault: Error): Handler =>
      async (payload) => {
        if (payload === 'first') throw fault
        got.push(payload)
      }
    expect(await run(failing(new Error('down')))).toEqual({ delivered: 0, failed: 1, left: 1 })
    later(DELAY_MAX_MS)
    await run(failing(new Fault('invalid', 'no_such_address', 'gone')))
    expect(got).toEqual(['second'])
  })

  test('are ordered by commit: a second transaction waits for the first', async () => {
    const open = Promise.withResolvers<void>()
    const wrote = Promise.withResolvers<void>()
    const first = db.within({}, async (tx) => {
      await enqueue(tx, { kind: 'note', tenant_id: null, payload: 1, order_key: 'k' }, now)
      wrote.resolve()
      await open.promise
    })
    await wrote.promise
    const second = other.within({}, (tx) =>
      enqueue(tx, { kind: 'note', tenant_id: null, payload: 2, order_key: 'k' }, now),
    )
    const waits = "select 1 from pg_stat_activity where wait_event = 'advisory'"
    await expect.poll(async () => (await owner.query(waits)).rowCount).toBeGreaterThan(0)
    const got: unknown[] = []
    const handler: Handler = async (payload) => void got.push(payload)
    await run(handler)
    open.resolve()
    await Promise.all([first, second])
    await run(handler)
    expect(got).toEqual([1, 2])
  })
})

describe('what fails', () => {
  test('is tried again after its delay, then parked with its reason after the last attempt', async () => {
    await put('bad')
    const handler: Handler = async () => {
      throw new Fault('unavailable', 'mail_down', 'no answer')
    }
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      expect(await run(handler)).toMatchObject({ failed: 1 })
      expect(await run(handler)).toMatchObject({ failed: 0 })
      const [row] = await rows()
      expect(row).toMatchObject({ attempts: attempt, last_error: 'mail_down: no answer' })
      expect(row.parked_at !== null).toBe(attempt === ATTEMPTS_MAX)
      later(DELAY_MAX_MS)
    }
    expect(await run(handler)).toEqual({ delivered: 0, failed: 0, left: 0 })
  })

  test('for good is parked at once, and says nothing of an unknown error’s text', async () => {
    await put('bad')
    await run(async () => {
      throw new Fault('invalid', 'no_such_address', 'nobody there')
    })
    expect(await rows()).toMatchObject([{ attempts: 1, parked_at: now, last_error: 'no_such_address: nobody there' }])
    await put('odd')
    await run(async () => {
      throw new Error('password=hunter2')
    })
    expect((await rows())[1]).toMatchObject({ parked_at: null, last_error: 'handler_failed: Internal error' })
  })

  test('comes again when the receiver asked for it', async () => {
    await put('slow down')
    await run(async () => {
      throw new Fault('rate_limited', 'slow_down', 'later', { retryAfterSeconds: 90 })
    })
    expect((await rows())[0].due_at).toEqual(new Date(now.getTime() + 90_000))
  })

  test('by taking too long is told to stop, and counts as failed', async () => {
    await put('hangs')
    const stopped = Promise.withResolvers<void>()
    const hang: Handler = (_, { signal }) =>
      new Promise(() => signal.addEventListener('abort', () => stopped.resolve(), { once: true }))
    const outcome = await drain(db, { note: hang }, { now: clock, batch_max: 1, handlerTimeoutMs: 20 })
    await stopped.promise
    expect(outcome.failed).toBe(1)
    expect((await rows())[0].last_error).toMatch(/^handler_late/)
  })
})

test('delays double, with jitter, up to their limit', () => {
  expect([2, 3, 4].map((attempt) => delayBefore(attempt, undefined, () => 1))).toEqual([2_000, 4_000, 8_000])
  expect(delayBefore(2, undefined, () => 0)).toBe(FIRST_DELAY_MS / 2)
  expect(delayBefore(100, undefined, () => 1)).toBe(DELAY_MAX_MS)
})

test('a call works on no more than it was told, on a bounded number at once, and leaves what is not due or not its kind', async () => {
  for (let n = 0; n < 20; n++) await put(n)
  await put('tomorrow', { due_at: new Date(now.getTime() + 86_400_000) })
  await put('foreign', { kind: 'other' })
  let atOnce = 0
  let most = 0
  const handler: Handler = async () => {
    most = Math.max(most, ++atOnce)
    await owner.query('select 1')
    atOnce--
  }
  expect(await run(handler, { batch_max: 15 })).toEqual({ delivered: 15, failed: 0, left: 5 })
  expect(most).toBe(IN_FLIGHT_MAX)
  expect(await run(handler)).toEqual({ delivered: 5, failed: 0, left: 0 })
})

test('a call that is told to end brings what it has begun to its end, and begins nothing else', async () => {
  for (let n = 0; n <= IN_FLIGHT_MAX; n++) await put(n)
  const ending = new AbortController()
  const handler: Handler = async () => ending.abort()
  const { signal } = ending
  const outcome = await drain(db, { note: handler }, { now: clock, batch_max: 100, signal })
  expect(outcome).toEqual({ delivered: IN_FLIGHT_MAX, failed: 0, left: 1 })
})

test('what one did for others that waited is not done again, and what came after it is', async () => {
  await put({ of: 'a', n: 1 })
  await put({ of: 'a', n: 2 })
  await put({ of: 'b', n: 3 })
  await put({ of: 'a', n: 4 }, { due_at: new Date(now.getTime() + 1) })
  await put({ of: 'a', n: 5 }, {}, 'ten_b')
  const alike = await findAlike(db, { kind: 'note', tenant_id: 'ten_a', payload: { of: 'a' }, now })
  await put({ of: 'a', n: 6 })
  expect(alike).toHaveLength(2)
  await settleAlike(db, alike, now)
  later(1)
  const done: unknown[] = []
  await run(async (payload) => void done.push(payload))
  expect(done).toHaveLength(4)
  expect(done).toEqual(expect.arrayContaining([3, 4, 5, 6].map((n) => expect.objectContaining({ n }))))
})

test('a message that somebody works on is left to its worker', async () => {
  const id = await put('mine')
  await run(async () => {
    await settleAlike(db, [id], now)
    expect((await rows())[0].done_at).toBe(null)
  })
  expect((await rows())[0].done_at).toEqual(now)
})

test('done messages go after their time', async () => {
  await put('old')
  await run(async () => undefined)
  later(RETENTION_DAYS * 86_400_000 + 1)
  await run(async () => undefined)
  expect(await rows()).toEqual([])
})
