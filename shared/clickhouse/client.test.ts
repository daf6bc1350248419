import { beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../fault.ts'
import { freshClickHouse, type TestClickHouse } from '../testing/clickhouse.ts'
import { freePort } from '../testing/port.ts'
import { openClickHouse } from './client.ts'

let fresh: TestClickHouse
beforeAll(async () => {
  fresh = await freshClickHouse()
  await fresh.clickhouse.command(
    'CREATE TABLE t (id UInt64, name String, at DateTime64(3)) ENGINE = MergeTree ORDER BY id',
  )
})

function faultOf(work: Promise<unknown>): Promise<Fault> {
  return work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: Fault) => error,
  )
}

describe('rows', () => {
  test('come back as they went in, with large integers as text and times in ISO', async () => {
    const row = { id: '18446744073709551615', name: "it's\ta \\ test\n", at: '2026-01-02T03:04:05.678Z' }
    await fresh.clickhouse.insert('t', [row])
    const sql = 'SELECT id, name, at FROM t WHERE name = {name:String} AND at = {at:DateTime64(3)}'
    const rows = await fresh.clickhouse.query(sql, { name: row.name, at: new Date(row.at) })
    expect(rows).toEqual([row])
  })

  test('of the same token are stored once', async () => {
    await fresh.clickhouse.command(
      'CREATE TABLE once (id UInt64) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
    )
    for (const id of [1, 2]) await fresh.clickhouse.insert('once', [{ id }], { token: 'batch-1' })
    expect(await fresh.clickhouse.query('SELECT id FROM once')).toEqual([{ id: '1' }])
  })

  test('never show in the error of their insert, nor in its cause', async () => {
    const fault = await faultOf(fresh.clickhouse.insert('t', [{ id: 'sk_not_a_number' }]))
    expect(fault).toMatchObject({ kind: 'internal', reason: 'clickhouse_refused', retry: false })
    expect(`${fault.stack} ${fault.cause}`).not.toContain('sk_not')
    expect(String(fault.cause)).toMatch(/CANNOT_PARSE_INPUT_ASSERTION_FAILED/)
  })
})

describe('a value', () => {
  test('is never SQL', async () => {
    const nasty = "'); DROP TABLE t; --"
    expect(await fresh.clickhouse.query('SELECT {x:String} AS x', { x: nasty })).toEqual([{ x: nasty }])
  })

  test('may be longer than a URL', async () => {
    const sql = 'SELECT length({x:String}) AS n'
    expect(await fresh.clickhouse.query(sql, { x: 'x'.repeat(200_000) })).toEqual([{ n: '200000' }])
  })
})

describe('a failure', () => {
  test('of the statement is ours and final', async () => {
    expect(await faultOf(fresh.clickhouse.query('SELECT * FROM nowhere'))).toMatchObject({
      kind: 'internal',
      retry: false,
    })
  })

  test('for time is a timeout that may be tried again', async () => {
    const hurried = openClickHouse(fresh.target, { maxExecutionSeconds: 1 })
    const slow = 'SELECT max(sipHash64(number)) FROM numbers(100000000000)'
    expect(await faultOf(hurried.query(slow))).toMatchObject({ kind: 'timeout', retry: true })
  })

  test('for size is too large and final', async () => {
    const frugal = openClickHouse(fresh.target, { maxRowsToRead: 10 })
    const wide = 'SELECT max(number) AS n FROM numbers(1000) WHERE number % 2 = 1'
    expect(await faultOf(frugal.query(wide))).toMatchObject({ kind: 'too_large', retry: false })
  })

  test('for memory may pass', async () => {
    const wide = 'SELECT groupArray(repeat(toString(number), 100)) AS g FROM numbers(1000000)'
    const fault = await faultOf(fresh.clickhouse.query(wide, {}, { max_memory_usage: '10000000' }))
    expect(fault).toMatchObject({ kind: 'unavailable', reason: 'clickhouse_busy', retry: true })
  })

  test('to connect may pass', async () => {
    const nowhere = openClickHouse({ ...fresh.target, url: `http://127.0.0.1:${await freePort()}` })
    expect(await faultOf(nowhere.ping())).toMatchObject({ reason: 'clickhouse_unavailable', retry: true })
  })

  test('to authenticate is final and names no password', async () => {
    const stranger = openClickHouse({ ...fresh.target, password: 'guess-me' })
    const fault = await faultOf(stranger.ping())
    expect(fault).toMatchObject({ kind: 'internal', retry: false })
    expect(`${fault.stack} ${fault.cause}`).not.toContain('guess-me')
  })
})
