import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openClickHouse } from '../../../shared/clickhouse/client.ts'
import { ensureDatabase } from '../../../shared/clickhouse/migrate.ts'
import { type ClickHouseServer, startClickHouse } from './start.ts'

let dataPath: string
beforeEach(async () => {
  dataPath = await mkdtemp(join(tmpdir(), 'clickhouse-'))
})
afterEach(() => rm(dataPath, { recursive: true, force: true }))

const start = (port = 0) => startClickHouse({ dataPath, port, password: 'test' })
const targetOf = (server: ClickHouseServer) => ({ ...server, database: 'kept' })

test('keeps databases, tables and rows over a restart', async () => {
  {
    await using server = await start()
    await ensureDatabase(targetOf(server))
    const clickhouse = openClickHouse(targetOf(server))
    await clickhouse.command('CREATE TABLE t (id UInt32) ENGINE = MergeTree ORDER BY id')
    await clickhouse.insert('t', [{ id: 1 }, { id: 2 }])
  }
  await using server = await start()
  expect(await openClickHouse(targetOf(server)).query('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }])
})

test('keeps rows over the death of its process', async () => {
  const first = await start()
  await ensureDatabase(targetOf(first))
  await openClickHouse(targetOf(first)).command('CREATE TABLE t (id UInt32) ENGINE = MergeTree ORDER BY id')
  await openClickHouse(targetOf(first)).insert('t', [{ id: 1 }])
  process.kill(first.pid, 'SIGKILL')
  await first.stop()
  await using second = await start()
  expect(await openClickHouse(targetOf(second)).query('SELECT id FROM t')).toEqual([{ id: 1 }])
})

test('says that the folder is in use', async () => {
  await using _server = await start()
  await expect(start()).rejects.toThrow(/did not start: .*Another server instance in same directory is already running/)
})

test('says that the port is taken', async () => {
  await using server = await start()
  const port = Number(new URL(server.url).port)
  const other = startClickHouse({ dataPath: join(dataPath, 'other'), port, password: 'test' })
  await expect(other).rejects.toThrow(/did not start: .*address already in use/)
})

test('lets open queries finish before it stops', async () => {
  const server = await start()
  const clickhouse = openClickHouse({ ...server, database: 'default' })
  const query = clickhouse.query('SELECT sleep(1) AS s')
  await clickhouse.ping()
  await server.stop()
  expect(await query).toEqual([{ s: 0 }])
  await expect(clickhouse.ping()).rejects.toMatchObject({ reason: 'clickhouse_unavailable' })
})
