import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { type Database, openDatabase } from './database.ts'
import { newestFirst } from './newest-first.ts'

interface Tables {
  boats: { id: string; name: string }
}

const SCHEMA = `create table boats (id text collate "C" primary key, name text not null);
  grant select, insert, delete on boats to sample;`

let database: TestDatabase
let db: Database<Tables>

beforeAll(async () => {
  database = await freshDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  await writeFile(join(folder, '001_boats.sql'), SCHEMA)
  await database.migrate({ schema: 'sample', folder: pathToFileURL(folder) })
  db = openDatabase(database.pool(database.urlAs('sample')))
})
afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})
beforeEach(() => db.within({}, (tx) => tx.deleteFrom('boats').execute()))

const add = (...names: string[]) =>
  db.within({}, (tx) =>
    tx
      .insertInto('boats')
      .values(names.map((name) => ({ id: newId('stream'), name })))
      .execute(),
  )
const list = (limit: number, cursor?: string) =>
  db.read({}, (tx) =>
    newestFirst(tx.selectFrom('boats').selectAll(), { limit, cursor }, ({ name }) => name.toUpperCase()),
  )

test('pages show each row once, the newest first, whatever is added meanwhile', async () => {
  await add('a', 'b', 'c', 'd')
  const first = await list(3)
  expect(first).toEqual({ data: ['D', 'C', 'B'], next_cursor: expect.any(String) })
  await add('e')
  expect(await list(3, first.next_cursor ?? '')).toEqual({ data: ['A'], next_cursor: null })
})

test('a last page that is full is the last one', async () => {
  await add('a', 'b')
  expect(await list(2)).toEqual({ data: ['B', 'A'], next_cursor: null })
  expect(await list(1, (await list(1)).next_cursor ?? '')).toEqual({ data: ['A'], next_cursor: null })
  await db.within({}, (tx) => tx.deleteFrom('boats').execute())
  expect(await list(2)).toEqual({ data: [], next_cursor: null })
})

test('a cursor that no list made is refused', async () => {
  for (const cursor of ['x', btoa('[]'), btoa('["a","b"]')]) {
    await expect(list(1, cursor)).rejects.toMatchObject({ reason: 'invalid_cursor' })
  }
})
