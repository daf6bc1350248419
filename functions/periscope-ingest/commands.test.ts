import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readCommand } from './dead-letters/command.ts'
import { openTestStores, type TestStores } from './testing/stores.ts'

/** Each command is a process of its own, which first reads all that the service is made of. */
const PROCESSES_TIMEOUT_MS = 90_000

async function environmentOf({ database, target }: TestStores): Promise<Record<string, string>> {
  const folder = new URL('../../shared/kafka/postgres/migrations/', import.meta.url)
  await database.migrate({ schema: 'event_log', folder })
  return {
    CLICKHOUSE_URL: target.url,
    CLICKHOUSE_USER: target.user,
    CLICKHOUSE_PASSWORD: target.password,
    CLICKHOUSE_DATABASE: target.database,
    DATABASE_URL: database.urlAs('periscope'),
    DATABASE_WS_PROXY: new URL(`ws://${database.wsProxy}`).host,
    EVENT_LOG_URL: database.urlAs('event_log'),
  }
}

function run(program: string, args: string[], env: Record<string, string>) {
  return promisify(execFile)(process.execPath, [fileURLToPath(new URL(program, import.meta.url)), ...args], { env })
}

test(
  'an operator looks at dead letters and at retention from the command line',
  async () => {
    await using stores = await openTestStores({ forgets: true })
    const env = await environmentOf(stores)
    const logged_at = new Date().toISOString()
    const letter = { dead_from: 'analytics_events/0/7', state: 'open', logged_at, reason: 'invalid_event' }
    await stores.clickhouse.insert('ingest_errors', [letter])
    const listed = await run('dead-letters/main.ts', ['list', '--reason', 'invalid_event'], env)
    expect(listed.stdout).toContain('analytics_events/0/7')
    expect((await run('retention/main.ts', ['show'], env)).stdout).toMatch(/viewer_sessions +400 days/)
    await expect(run('retention/main.ts', ['facts', '1'], env)).rejects.toMatchObject({ code: 1 })
  },
  PROCESSES_TIMEOUT_MS,
)

test('what is asked of dead letters is read, or refused', () => {
  const args = ['replay', '--reason', 'r', '--type', 't', '--tenant', 'x', '--from', '2026-11-24', '--to', '2026-11-25']
  expect(readCommand(args)).toEqual({
    command: 'replay',
    filter: { reason: 'r', event_type: 't', tenant_id: 'x', from: '2026-11-24', to: '2026-11-25' },
  })
  for (const bad of [[], ['drop'], ['list', 'replay'], ['list', '--from', 'yesterday'], ['list', '--all']]) {
    expect(() => readCommand(bad), bad.join(' ')).toThrow()
  }
})
