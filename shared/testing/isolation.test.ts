import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, openDatabase } from '../postgres/database.ts'
import type { Pool } from '../postgres/pool.ts'
import { inspectIsolation } from './isolation.ts'
import { freshDatabase, type TestDatabase } from './postgres.ts'

let database: TestDatabase
let owner: Pool
let db: Database<object>

beforeAll(async () => {
  database = await freshDatabase()
  await database.migrate({
    schema: 'commodore',
    folder: new URL('../../functions/commodore/migrations/', import.meta.url),
  })
  owner = database.pool()
  db = openDatabase(database.pool(database.urlAs('commodore')))
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const gapsAfter = async (statement: string) => {
  await owner.query(`set search_path = commodore; ${statement}`)
  return (await inspectIsolation(db)).gaps
}

test('each way around row-level security is found', async () => {
  expect((await inspectIsolation(db)).gaps).toEqual([])
  expect(await gapsAfter('create table bare (tenant_id text)')).toEqual([
    'bare does not force row-level security',
    'bare has no policy',
  ])
  expect(await gapsAfter('alter table bare enable row level security; create policy p on bare using (true)')).toEqual([
    'bare does not force row-level security',
    'bare.p is for every row',
  ])
  expect(await gapsAfter('alter table bare owner to commodore')).toContain("bare is the service's own")
  expect(await gapsAfter('drop table bare; create view peek as select id from streams')).toEqual([
    'peek reads as its owner',
  ])
  expect(await gapsAfter('alter view peek set (security_invoker = true)')).toEqual([])
  expect(await gapsAfter("create function f() returns int language sql security definer as 'select 1'")).toEqual([
    'f() runs as its owner',
  ])
})
