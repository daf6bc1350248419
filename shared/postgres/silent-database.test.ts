import { sql } from 'kysely'
import { expect, inject, test } from 'vitest'
import { startFaultProxy } from '../testing/fault-proxy.ts'
import { freshDatabase } from '../testing/postgres.ts'
import { openDatabase } from './database.ts'
import { openPool } from './pool.ts'

const QUERY_TIMEOUT_MS = 300

test('a connection that has gone silent is given up, and the next one works', async () => {
  await using database = await freshDatabase()
  await using proxy = await startFaultProxy(Number(inject('postgres').wsProxy.split(':')[1]))
  const wsProxy = `127.0.0.1:${proxy.port}`
  const pool = openPool(database.url, { wsProxy, connectionsMax: 1, queryTimeoutMs: QUERY_TIMEOUT_MS })
  await using db = openDatabase<object>(pool)
  const ask = () => db.within({}, async (tx) => (await sql<{ one: number }>`select 1 as one`.execute(tx)).rows)
  expect(await ask()).toEqual([{ one: 1 }])
  proxy.spoil('half-open')
  proxy.mend()
  await expect(ask()).rejects.toMatchObject({ reason: 'database_unavailable', retry: true })
  expect(await ask()).toEqual([{ one: 1 }])
  proxy.spoil('half-open')
  proxy.mend()
  await expect(pool.query('select 1')).rejects.toThrow('timeout')
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})
