import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openPool } from '../../../shared/postgres/pool.ts'
import { freePort } from '../../../shared/testing/port.ts'
import { locate, openHomeOf } from './installation.ts'
import { startPostgresProxy } from './proxy.ts'
import { type PostgresServer, startPostgres } from './server.ts'

let folder: string
let dataPath: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postgres-'))
  dataPath = join(folder, 'data')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
  await rm(openHomeOf(dataPath), { recursive: true, force: true })
})

const start = (port: number) => startPostgres({ dataPath, port, password: 'secret' })

async function query(server: PostgresServer, text: string): Promise<unknown[]> {
  await using proxy = await startPostgresProxy(server)
  const pool = openPool(server.url('postgres'), { wsProxy: proxy.address })
  const { rows } = await pool.query(text)
  await pool.end()
  return rows
}

test('data outlives a restart, also in a folder that only its owner may enter', async () => {
  await chmod(folder, 0o700)
  const port = await freePort()
  {
    await using server = await start(port)
    await query(server, 'create table kept (id int); insert into kept values (7)')
  }
  await using again = await start(port)
  expect(await query(again, 'select id from kept')).toEqual([{ id: 7 }])
})

test('a server that a killed run left behind is stopped first', async () => {
  const left = await start(await freePort())
  await using next = await start(await freePort())
  expect(next.pid).not.toBe(left.pid)
  expect(await query(next, 'select 1 as one')).toEqual([{ one: 1 }])
  await left[Symbol.asyncDispose]()
})

test('a taken port is told in the server’s own words', async () => {
  const port = await freePort()
  await using _first = await start(port)
  const { dataPath: other } = await locate(join(folder, 'other', 'data'))
  await expect(startPostgres({ dataPath: other, port, password: 'secret' })).rejects.toThrow(
    /did not start.*could not create any TCP/,
  )
})
