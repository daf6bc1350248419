import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { freshClickHouse, type TestClickHouse } from '../../testing/clickhouse.ts'
import { freePort } from '../../testing/port.ts'
import { openClickHouse } from '../client.ts'
import { type Block, blockOpener } from './block.ts'

const types = {
  id: 'UInt64',
  text: 'String',
  word: 'LowCardinality(String)',
  uuid: 'UUID',
  uuid_or_null: 'Nullable(UUID)',
  at: "DateTime64(3, 'UTC')",
  at_or_null: "Nullable(DateTime64(3, 'UTC'))",
  whole_or_null: 'Nullable(UInt64)',
  quantity: 'Float64',
  quantity_or_null: 'Nullable(Float64)',
  flag: 'Bool',
  flag_or_null: 'Nullable(Bool)',
  words: 'Array(LowCardinality(String))',
  whole_by_word: 'Map(LowCardinality(String), UInt64)',
  quantity_by_word: 'Map(LowCardinality(String), Float64)',
}
const declared = Object.entries(types).map(([name, type]) => `${name} ${type}`)

function toBlock(columns: Record<string, string>, ...parts: object[][]): Block {
  const block = blockOpener(columns)()
  for (const rows of parts) block.add(rows)
  return block
}
const RUNS = 40

let fresh: TestClickHouse
beforeAll(async () => {
  fresh = await freshClickHouse()
  for (const name of ['sent', 'bare']) {
    await fresh.clickhouse.command(`CREATE TABLE ${name} (${declared.join(', ')}) ENGINE = MergeTree ORDER BY id`)
  }
  await fresh.clickhouse.command(
    'CREATE TABLE once (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
  )
})

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\0',
    "it's\ta \\ test\n",
    'é',
    '\u{1f600}',
    'x'.repeat(127),
    'x'.repeat(128),
    'é'.repeat(20_000),
  ),
)
const whole = fc.oneof(fc.maxSafeNat(), fc.constant(2 ** 53))
const quantity = fc.double({ noNaN: true, noDefaultInfinity: true })
const time = fc
  .date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('2299-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString())
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const key = text.filter((name) => name !== '__proto__')

const anyRow = fc.record({
  id: whole,
  text,
  word: text,
  uuid: fc.uuid(),
  uuid_or_null: orNull(fc.uuid().map((id) => id.toUpperCase())),
  at: time,
  at_or_null: orNull(time),
  whole_or_null: orNull(whole),
  quantity,
  quantity_or_null: orNull(quantity),
  flag: fc.boolean(),
  flag_or_null: orNull(fc.boolean()),
  words: fc.array(text, { maxLength: 4 }),
  whole_by_word: fc.dictionary(key, whole, { maxKeys: 4, noNullPrototype: true }),
  quantity_by_word: fc.dictionary(key, quantity, { maxKeys: 4, noNullPrototype: true }),
})

test('any rows are read back as those that went as JSON', async () => {
  const { clickhouse } = fresh
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 30 }), fc.nat(30), async (rows, cut) => {
      for (const table of ['sent', 'bare']) await clickhouse.command(`TRUNCATE TABLE ${table}`)
      await clickhouse.insertBlock('sent', toBlock(types, rows.slice(0, cut), rows.slice(cut)))
      await clickhouse.insert('bare', rows)
      const [sent, bare] = await Promise.all(
        ['sent', 'bare'].map((table) => clickhouse.query(`SELECT * FROM ${table} ORDER BY ALL`)),
      )
      expect(sent).toHaveLength(rows.length)
      expect(sent).toEqual(bare)
    }),
    { numRuns: RUNS },
  )
})

test('times that ClickHouse has not become the nearest it has', async () => {
  const times = { at: "DateTime64(3, 'UTC')" }
  const rows = ['0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'].map((at) => ({ at }))
  await fresh.clickhouse.command('TRUNCATE TABLE sent')
  await fresh.clickhouse.insertBlock('sent', toBlock(times, rows))
  expect(await fresh.clickhouse.query('SELECT at FROM sent ORDER BY at')).toEqual([
    { at: '1900-01-01T00:00:00.000Z' },
    { at: '2299-12-31T23:59:59.999Z' },
  ])
})

test('more rows than the first room of bytes are stored, once for each token', async () => {
  const rows = Array.from({ length: 20_000 }, (_, id) => ({ id }))
  for (let i = 0; i < 2; i++)
    await fresh.clickhouse.insertBlock('once', toBlock({ id: 'UInt64' }, rows), { token: 'batch-1' })
  expect(await fresh.clickhouse.query('SELECT count() AS n, max(id) AS last FROM once')).toEqual([
    { n: '20000', last: '19999' },
  ])
})

describe('what a column cannot hold is refused before it is sent', () => {
  test.each([
    ['UInt64', -1],
    ['UInt64', 0.5],
    ['UInt64', 2 ** 64],
    ['UInt64', '7'],
    ['Float64', Number.POSITIVE_INFINITY],
    ['String', 7],
    ['String', 'half of a character: \ud83d'],
    ['UUID', 'e64a8b37-383e-4550-99bd-5f5cfdfe8ea'],
    ["DateTime64(3, 'UTC')", 'yesterday'],
    ['Bool', 1],
    ['Nullable(UInt64)', undefined],
    ['Array(String)', 'a'],
    ['Map(String, UInt64)', null],
    ['Map(String, UInt64)', { a: -1 }],
  ])('%s: %j', (type, value) => {
    expect(() => toBlock({ column: type }, [{ column: value }])).toThrow(TypeError)
  })

  test('and so is a type that no table of ours has', () => {
    expect(() => blockOpener({ column: 'Decimal(9, 2)' })).toThrow('no way to write a column of type Decimal(9, 2)')
  })
})

describe('an insert', () => {
  const ids = (rows: object[]) => toBlock({ id: 'UInt64' }, rows)

  test('that ClickHouse refuses names its exception and no more', async () => {
    const refused = fresh.clickhouse.insertBlock('nowhere', ids([{ id: 1 }]))
    await expect(refused).rejects.toMatchObject({
      reason: 'clickhouse_refused',
      retry: false,
      cause: { message: expect.stringMatching(/^ClickHouse: UNKNOWN_TABLE/) },
    })
  })

  test('may be tried again when ClickHouse is away', async () => {
    await using away = openClickHouse({ ...fresh.target, url: `http://127.0.0.1:${await freePort()}` })
    const failed = away.insertBlock('once', ids([{ id: 1 }]))
    await expect(failed).rejects.toMatchObject({ reason: 'clickhouse_unavailable', retry: true })
  })
})
