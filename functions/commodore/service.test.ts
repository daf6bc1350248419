import { expect, test } from 'vitest'
import { newEncryptionKeys } from '../../shared/encryption/keys.ts'
import { createKey } from '../../shared/identity/key.ts'
import { send } from '../../shared/testing/api.ts'
import { freshDatabase } from '../../shared/testing/postgres.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

test('everything that is missing is named at once', () => {
  const names = [
    'APP_URL',
    'QUARTERMASTER_URL',
    'FOGHORN_URL',
    'IDENTITY_KEY',
    'IDENTITY_PUBLIC_KEYS',
    'ENCRYPTION_KEYS',
    'DATABASE_URL',
  ]
  const problems = names.map((name) => `${name} is missing`)
  expect(() => readConfig({})).toThrow(expect.objectContaining({ problems }))
})

test('the service opens from its environment alone, is ready, and closes what it opened', async () => {
  await using database = await freshDatabase()
  await database.migrate({ schema: 'commodore', folder: new URL('migrations/', import.meta.url) })
  const environment = {
    QUARTERMASTER_URL: 'http://127.0.0.1:18002',
    FOGHORN_URL: 'http://127.0.0.1:18008',
    APP_URL: 'http://127.0.0.1:18090',
    MAIL_FROM: 'no-reply@example.com',
    IDENTITY_PUBLIC_KEYS: JSON.stringify({ keys: [] }),
    IDENTITY_KEY: JSON.stringify(await createKey('commodore')),
    ENCRYPTION_KEYS: newEncryptionKeys('k1'),
    DATABASE_URL: database.urlAs('commodore'),
    DATABASE_WS_PROXY: database.wsProxy,
  }
  await using service = await open(readConfig(environment))
  expect(await (await send(service, 'GET /health')).json()).toEqual({ status: 'ok', checks: { database: 'ok' } })
  const metrics = await (await send(service, 'GET /metrics')).text()
  expect(metrics).toContain('http_requests_total')
  expect(metrics).toContain('outbox_overdue_seconds{service="commodore"} 0')
  expect(metrics).toContain('job_runs_total{name="outbox",outcome="failed",service="commodore"} 0')
})
