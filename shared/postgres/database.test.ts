import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../testing/postgres.ts'
import { type Database, openDatabase, violates } from './database.ts'
import { migrate } from './migrate.ts'

interface Tables {
  things: { id: string; tenant_id: string }
}

const SCHEMA = `
  create table things (id text primary key, tenant_id text not null);
  alter table things enable row level security;
  alter table things force row level security;
  create policy of_tenant on things using (tenant_id = current_setting('app.tenant_id'));
  create policy by_lookup on things for select using (id = current_setting('app.lookup'));
  grant select, insert, update, delete on things to sample;`

let database: TestDatabase
let folder: string
let db: Database<Tables>

beforeAll(async () => {
  database = await freshDatabase()
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  await writeFile(join(folder, '001_things.sql'), SCHEMA)
  await database.migrate({ schema: 'sample', folder: pathToFileURL(folder) })
  db = openDatabase<Tables>(database.pool(database.urlAs('sample')))
  await db.within({ tenant_id: 'ten_a' }, (tx) =>
    tx.insertInto('things').values({ id: '1', tenant_id: 'ten_a' }).execute(),
  )
})

afterAll(async () => {
  await db[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const all = (tenant_id: string) => db.within({ tenant_id }, (tx) => tx.selectFrom('things').selectAll().execute())

test('a statement without a scope sees no row', async () => {
  expect(await db.call(sql`select * from things`)).toEqual([])
  expect(await db.call(sql`select 1 as one`)).toEqual([{ one: 1 }])
})

describe('a scoped transaction', () => {
  test('sees its tenant’s rows and no others, without any WHERE', async () => {
    expect(await all('ten_a')).toEqual([{ id: '1', tenant_id: 'ten_a' }])
    expect(await all('ten_b')).toEqual([])
    expect(await db.within({}, (tx) => tx.selectFrom('things').selectAll().execute())).toEqual([])
  })

  test('sees the one row whose name the caller presented', async () => {
    expect(await db.within({ lookup: '1' }, (tx) => tx.selectFrom('things').selectAll().execute())).toHaveLength(1)
    expect(await db.within({ lookup: '2' }, (tx) => tx.selectFrom('things').selectAll().execute())).toHaveLength(0)
  })

  test('takes whatever the caller presented for a value and nothing else', async () => {
    for (const lookup of ["'", "\\'); drop table things; --", '\n', 'ø\u{1f600}', "a','b"]) {
      const told = await db.read({ lookup }, async (tx) => {
        const { rows } = await sql<{ value: string }>`select current_setting('app.lookup') as value`.execute(tx)
        return rows
      })
      expect(told).toEqual([{ value: lookup }])
    }
    expect(await all('ten_a')).toHaveLength(1)
  })

  test('that only reads is refused a write, and leaves its connection fit for the next', async () => {
    const writing = db.read({ tenant_id: 'ten_a' }, (tx) => tx.deleteFrom('things').execute())
    await expect(writing).rejects.toThrow(/read-only transaction/)
    const many = Array.from({ length: 40 }, (_, n) =>
      n % 2
        ? db.read({ tenant_id: 'ten_a' }, (tx) => tx.selectFrom('things').select('id').execute())
        : db.read({ tenant_id: 'ten_b' }, (tx) => tx.selectFrom('things').select('id').execute()),
    )
    expect((await Promise.all(many)).map((rows) => rows.length)).toEqual(many.map((_, n) => n % 2))
    await db.within({ tenant_id: 'ten_a' }, (tx) => tx.updateTable('things').set({ id: '1' }).execute())
  })

  test('cannot write a row of another tenant', async () => {
    const foreign = db.within({ tenant_id: 'ten_b' }, (tx) =>
      tx.insertInto('things').values({ id: '2', tenant_id: 'ten_a' }).execute(),
    )
    await expect(foreign).rejects.toThrow(/row-level security/)
  })

  test('names the unique key that a write lost to', async () => {
    const again = db.within({ tenant_id: 'ten_a' }, (tx) =>
      tx.insertInto('things').values({ id: '1', tenant_id: 'ten_a' }).execute(),
    )
    await expect(again).rejects.toSatisfy((error) => violates(error, 'things_pkey') && !violates(error, 'other'))
  })
})

describe('migrate', () => {
  test('run twice, or by two at once, applies each file once', async () => {
    await writeFile(join(folder, '002_more.sql'), 'create table more (id int)')
    const run = () => migrate({ pool: database.pool(), schema: 'sample', folder: pathToFileURL(folder) })
    const applied = await Promise.all([run(), run()])
    expect(applied.flat()).toEqual(['002_more.sql'])
    expect(await run()).toEqual([])
  })

  test('refuses a file that changed after it was applied', async () => {
    await writeFile(join(folder, '001_things.sql'), `${SCHEMA} -- changed`)
    const run = migrate({ pool: database.pool(), schema: 'sample', folder: pathToFileURL(folder) })
    await expect(run).rejects.toThrow(/001_things.sql was changed/)
    await writeFile(join(folder, '001_things.sql'), SCHEMA)
  })

  test('leaves nothing of a file that fails half-way', async () => {
    await writeFile(join(folder, '003_bad.sql'), 'create table half (id int); select no_such_function()')
    const run = migrate({ pool: database.pool(), schema: 'sample', folder: pathToFileURL(folder) })
    await expect(run).rejects.toThrow(/sample\/003_bad.sql failed: .*no_such_function/)
    const { rows } = await database.pool().query("select to_regclass('sample.half') as half")
    expect(rows).toEqual([{ half: null }])
  })
})
