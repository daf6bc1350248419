import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openTestStores } from '../testing/stores.ts'

const PROGRAM = fileURLToPath(new URL('main.ts', import.meta.url))

function run(args: string[], env: Record<string, string>): Promise<{ code: number; out: string; said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { env }, (error, out, said) => {
      resolve({ code: error ? Number(error.code) : 0, out, said })
    })
  })
}

test('an operator lists and replays from the command line', async () => {
  await using stores = await openTestStores()
  const { database, target, clickhouse } = stores
  const folder = new URL('../../../shared/kafka/postgres/migrations/', import.meta.url)
  await database.migrate({ schema: 'event_log', folder })
  const env = {
    CLICKHOUSE_URL: target.url,
    CLICKHOUSE_USER: target.user,
    CLICKHOUSE_PASSWORD: target.password,
    CLICKHOUSE_DATABASE: target.database,
    DATABASE_URL: database.urlAs('periscope'),
    DATABASE_WS_PROXY: new URL(`ws://${database.wsProxy}`).host,
    EVENT_LOG_URL: database.urlAs('event_log'),
  }
  const logged_at = '2026-11-24T00:00:00.000Z'
  const letter = { dead_from: 'analytics_events/0/7', state: 'open', logged_at, reason: 'invalid_event' }
  await clickhouse.insert('ingest_errors', [letter])
  expect(await run(['list', '--reason', 'invalid_event'], env)).toMatchObject({
    code: 0,
    out: expect.stringContaining('analytics_events/0/7'),
  })
  expect(await run(['list', '--reason', 'other'], env)).toMatchObject({ code: 0, out: '' })
  expect(await run(['replay'], env)).toMatchObject({ code: 0, out: '0 put into the log again.\n' })
})

test.each([[[]], [['drop']], [['list', '--from', 'yesterday']], [['list', '--all']]])(
  'what it does not understand it refuses: %j',
  async (args) => {
    const { code, said } = await run(args, {})
    expect(code).toBe(1)
    expect(said).not.toBe('')
  },
)
