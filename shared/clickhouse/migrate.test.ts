import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshClickHouse, type TestClickHouse } from '../testing/clickhouse.ts'

let folder: string
let fresh: TestClickHouse
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrations-'))
  fresh = await freshClickHouse()
})
afterEach(() => rm(folder, { recursive: true }))

const write = (name: string, text: string) => writeFile(join(folder, name), text)
const migrate = () => fresh.migrate(pathToFileURL(folder))
const tables = async () => {
  const rows = await fresh.clickhouse.query<{ name: string }>('SHOW TABLES')
  return rows.map(({ name }) => name)
}

const FIRST = "CREATE TABLE IF NOT EXISTS a (x UInt8 COMMENT 'one; two') ENGINE = MergeTree ORDER BY x;"

test('applies new files in order, statement by statement, and only once', async () => {
  await write('001_a.sql', `-- the first; table\n${FIRST}\nCREATE TABLE IF NOT EXISTS b AS a;\n`)
  expect(await migrate()).toEqual(['001_a.sql'])
  await write('002_c.sql', 'CREATE TABLE IF NOT EXISTS c AS b')
  expect(await migrate()).toEqual(['002_c.sql'])
  expect(await migrate()).toEqual([])
  expect(await tables()).toEqual(['a', 'b', 'c', 'migrations'])
})

test('records number, name, checksum and time of each', async () => {
  await write('001_a.sql', FIRST)
  await migrate()
  const [row] = await fresh.clickhouse.query('SELECT * FROM migrations')
  expect(row).toMatchObject({ number: 1, name: '001_a.sql', checksum: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(row).toHaveProperty('applied_at', expect.stringMatching(/^\d{4}-.*Z$/))
})

test('refuses a file that was changed, renamed or removed after it was applied', async () => {
  await write('001_a.sql', FIRST)
  await migrate()
  await write('001_a.sql', `${FIRST} `)
  await expect(migrate()).rejects.toThrow('001_a.sql was changed after it was applied')
  await rm(join(folder, '001_a.sql'))
  await expect(migrate()).rejects.toThrow('001_a.sql was changed after it was applied')
})

test('refuses a gap or a repeat in the numbers before it applies anything', async () => {
  await write('001_a.sql', FIRST)
  await write('003_c.sql', FIRST)
  await expect(migrate()).rejects.toThrow('003_c.sql: migrations are numbered')
  await rm(join(folder, '003_c.sql'))
  await write('001_b.sql', FIRST)
  await expect(migrate()).rejects.toThrow('001_b.sql: migrations are numbered')
  expect(await tables()).toEqual([])
})

test.each([
  'CREATE TABLE d (x UInt8) ENGINE = Memory',
  'DROP TABLE d',
  'ALTER TABLE a ADD COLUMN y UInt8',
  'CREATE MATERIALIZED VIEW m TO a AS SELECT 1 AS x',
])('refuses a statement that cannot run twice: %s', async (statement) => {
  await write('001_a.sql', statement)
  await expect(migrate()).rejects.toThrow('001_a.sql: not safe to run twice')
})

test('starts a file again from its beginning after it failed half-way', async () => {
  await write('001_a.sql', `${FIRST} INSERT INTO nowhere VALUES (1)`)
  await expect(migrate()).rejects.toThrow(/001_a.sql, statement 2: .*nowhere/)
  await write('001_a.sql', `${FIRST} ALTER TABLE a ADD COLUMN IF NOT EXISTS y String`)
  expect(await migrate()).toEqual(['001_a.sql'])
})

test('lets several run at once', async () => {
  await write('001_a.sql', FIRST)
  await write('002_b.sql', 'ALTER TABLE a ADD COLUMN IF NOT EXISTS y String')
  await Promise.all([migrate(), migrate(), migrate()])
  expect(await migrate()).toEqual([])
  expect(await tables()).toEqual(['a', 'migrations'])
})
