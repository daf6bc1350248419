import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { freshDatabase } from '../../shared/testing/postgres.ts'
import { analyticsMigrations, schemas } from './schemas.ts'

const MAIN = new URL('main.ts', import.meta.url).pathname
const run = (env: Record<string, string>) =>
  promisify(execFile)(process.execPath, [MAIN], { env: { PATH: process.env.PATH ?? '', ...env } })

async function openStores() {
  const database = await freshDatabase()
  const { url, user, password } = inject('clickhouse')
  const env = {
    DATABASE_OWNER_URL: database.url,
    DATABASE_WS_PROXY: database.wsProxy,
    COMMODORE_DATABASE_URL: database.urlAs('commodore'),
    QUARTERMASTER_DATABASE_URL: database.urlAs('quartermaster'),
    PERISCOPE_DATABASE_URL: database.urlAs('periscope'),
    CLICKHOUSE_URL: url,
    CLICKHOUSE_USER: user,
    CLICKHOUSE_PASSWORD: password,
    CLICKHOUSE_DATABASE: `test_${crypto.randomUUID().replaceAll('-', '')}`,
  }
  return { database, env }
}

test('every schema is brought up to date, once, also by two at a time, and its role signs in', async () => {
  const { database, env } = await openStores()
  await using _ = database
  const both = await Promise.all([run(env), run(env)])
  const applied = both.flatMap(({ stdout }) => stdout.match(/^commodore\/.*$/gm) ?? [])
  expect(new Set(applied).size).toBe(applied.length)
  expect(applied.length).toBe((await readdir(schemas.commodore)).length)
  expect((await run(env)).stdout).toBe('Everything is up to date.\n')
  const pool = database.pool(env.COMMODORE_DATABASE_URL)
  expect((await pool.query('select current_user as who')).rows).toEqual([{ who: 'commodore' }])
}, 60_000)

test('what cannot be reached stops the deployment in plain words', async () => {
  const { database, env } = await openStores()
  await using _ = database
  const failed = await run({ ...env, CLICKHOUSE_URL: 'http://127.0.0.1:1' }).catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing is to be deployed.') })
  const missing = await run({}).catch((error: unknown) => error)
  expect(missing).toMatchObject({ stderr: expect.stringContaining('DATABASE_OWNER_URL is missing') })
}, 60_000)

/** The version that still runs while a migration is applied must go on working: what it knows goes only in a later, marked step. */
const DESTRUCTIVE =
  /\bdrop\s+(table|column|view|type)\b|\brename\s+(to|column)\b|\balter\s+column\s+\w+\s+(type|set\s+not\s+null)\b/i
const MARK = /^-- contract: .+/
/** Applied before there was anything to keep running. */
const BEFORE_FIRST_RELEASE = new Set(['008_node_health.sql'])

test.each(Object.entries({ ...schemas, analytics: analyticsMigrations }))(
  'migrations of %s take nothing away that is in use, or say which release stopped using it',
  async (_, folder) => {
    const files = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
    expect(files.length).toBeGreaterThan(0)
    const unmarked: string[] = []
    for (const name of files) {
      const text = await readFile(new URL(name, folder), 'utf8')
      const statements = text.replaceAll(/--.*$/gm, '')
      if (DESTRUCTIVE.test(statements) && !MARK.test(text) && !BEFORE_FIRST_RELEASE.has(name)) unmarked.push(name)
    }
    expect(unmarked).toEqual([])
  },
)
