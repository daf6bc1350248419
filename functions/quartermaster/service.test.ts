import { expect, test } from 'vitest'
import { createKey } from '../../shared/identity/key.ts'
import { send } from '../../shared/testing/api.ts'
import { freshDatabase } from '../../shared/testing/postgres.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

test('everything that is missing is named at once', () => {
  expect(() => readConfig({})).toThrow(/COMMODORE_URL is missing\n.*IDENTITY_KEY is missing\n.*DATABASE_URL is missing/)
})

test('the service opens from its environment alone, is ready, and closes what it opened', async () => {
  await using database = await freshDatabase()
  await database.migrate({ schema: 'quartermaster', folder: new URL('migrations/', import.meta.url) })
  const environment = {
    COMMODORE_URL: 'http://127.0.0.1:18001',
    IDENTITY_KEY: JSON.stringify(await createKey('quartermaster')),
    DATABASE_URL: database.urlAs('quartermaster'),
    DATABASE_WS_PROXY: database.wsProxy,
  }
  await using service = await open(readConfig(environment))
  expect(await (await send(service, 'GET /health')).json()).toEqual({ status: 'ok', checks: { database: 'ok' } })
  const metrics = await (await send(service, 'GET /metrics')).text()
  expect(metrics).toContain('http_requests_total')
  expect(metrics).toContain('outbox_overdue_seconds{service="quartermaster"} 0')
  expect(metrics).toContain('job_runs_total{name="outbox",outcome="failed",service="quartermaster"} 0')
})
