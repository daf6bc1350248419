import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Actor } from '../context.ts'
import { type Database, openDatabase } from '../postgres/database.ts'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { audit, type Change } from './audit.ts'
import { readAudit } from './read-audit.ts'

let database: TestDatabase
let db: Database<object>
let at = new Date('2026-01-01T00:00:00Z')

beforeAll(async () => {
  database = await freshDatabase()
  const folder = new URL('../../functions/quartermaster/migrations/', import.meta.url)
  await database.migrate({ schema: 'quartermaster', folder })
  db = openDatabase<object>(database.pool(database.urlAs('quartermaster')))
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const actor: Actor = { kind: 'user', user_id: 'usr_1', tenant_id: 'ten_a', role: 'owner', operator: false }
const context = (more: object = {}) => ({ actor, now: () => at, request_id: 'req', ...more })
const write = (tenant_id: string, change: Change, more?: object) =>
  db.within({ tenant_id }, (tx) => audit(tx, context(more), change))
const read = (tenant_id: string, filter: object = {}) =>
  db.within({ tenant_id }, (tx) => readAudit(tx, { tenant_id, limit: 100, ...filter }))

test('an entry says who did what to which object, when and from where', async () => {
  await write('ten_a', { action: 'thing.made', object_id: 'x1', details: { n: 1 } }, { address: '203.0.113.9' })
  const [entry] = await read('ten_a')
  expect(entry).toMatchObject({
    at: at.toISOString(),
    actor: { kind: 'user', id: 'usr_1' },
    address: '203.0.113.9',
    action: 'thing.made',
    object_id: 'x1',
    details: { n: 1 },
    request_id: 'req',
  })
})

test('an entry is of the tenant that is acted for, and stays with it', async () => {
  const service: Actor = { kind: 'service', service: 'purser' }
  await write('ten_b', { action: 'tenant.suspended', object_id: 'ten_b' }, { actor: service })
  expect((await read('ten_b')).map((entry) => entry.actor)).toEqual([{ kind: 'service', id: 'purser' }])
  expect((await read('ten_a')).some(({ object_id }) => object_id === 'ten_b')).toBe(false)
})

test('a change that fails leaves no entry, and an entry that fails no change', async () => {
  const failed = db.within({ tenant_id: 'ten_c' }, async (tx) => {
    await audit(tx, context(), { action: 'thing.made', object_id: 'x' })
    throw new Error('broken')
  })
  await expect(failed).rejects.toThrow('broken')
  expect(await read('ten_c')).toEqual([])
  const ownerless = db.within({ user_id: 'usr_1' }, (tx) => audit(tx, context(), { action: 'a.b', object_id: 'x' }))
  await expect(ownerless).rejects.toMatchObject({ reason: 'audit_without_tenant' })
})

test('entries are found by action, object, actor and time, newest first', async () => {
  for (const [index, action] of (['a.one', 'a.two', 'a.one'] as const).entries()) {
    at = new Date(Date.UTC(2026, 1, index + 1))
    await write('ten_d', { action, object_id: `x${index}` })
  }
  const objects = async (filter: object) => (await read('ten_d', filter)).map(({ object_id }) => object_id)
  expect(await objects({})).toEqual(['x2', 'x1', 'x0'])
  expect(await objects({ action: 'a.one' })).toEqual(['x2', 'x0'])
  expect(await objects({ object_id: 'x1' })).toEqual(['x1'])
  expect(await objects({ actor_id: 'usr_2' })).toEqual([])
  expect(await objects({ from: '2026-02-02T00:00:00.000Z', to: '2026-02-03T00:00:00.000Z' })).toEqual(['x1'])
  const [newest] = await read('ten_d')
  expect(await objects({ before: newest?.id, limit: 1 })).toEqual(['x1'])
})

test('nobody changes or removes an entry', async () => {
  for (const statement of ["update audit_log set action = 'x'", 'delete from audit_log']) {
    const pool = database.pool(database.urlAs('quartermaster'))
    await expect(pool.query(statement)).rejects.toThrow(/permission denied/)
  }
})
