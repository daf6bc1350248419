import { inspect } from 'node:util'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { Usage } from '../../shared/contract/periscope-query.ts'
import { newId } from '../../shared/ids.ts'
import { receive, refusal, send } from '../../shared/testing/api.ts'
import { createIdentities } from '../../shared/testing/identities.ts'
import { openTestStores } from '../periscope-ingest/testing/stores.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

test('everything that is missing is named at once', () => {
  expect(() => readConfig({ COMMODORE_URL: 'x' })).toThrow(
    /COMMODORE_URL: is not an http.*IDENTITY_KEY is missing.*CLICKHOUSE_URL is missing.*DATABASE_URL is missing/s,
  )
})

test('opened from its variables it takes users’ and API tokens as Commodore says, tells how it is, and closes', async () => {
  const identities = await createIdentities(() => new Date())
  const tenant_id = newId('tenant')
  const verdict = { token_id: newId('apiToken'), tenant_id, operator: false, expires_at: null }
  const apiTokens = new Map([
    ['fw_reads', { valid: true, scopes: ['analytics:read'], ...verdict }],
    ['fw_writes', { valid: true, scopes: ['streams:write'], ...verdict }],
  ])
  const gone = newId('user')
  const commodore = new Hono()
    .get('/.well-known/jwks.json', (c) => c.json(identities.keySet))
    .post('/api-tokens/verify', async (c) => {
      const { token } = await c.req.json()
      return c.json(apiTokens.get(token) ?? { valid: false, reason: 'api_token_unknown' })
    })
    .post('/sessions/verify', async (c) => {
      const { user_id } = await c.req.json()
      if (user_id === gone) return c.json({ valid: false, reason: 'session_revoked' })
      return c.json({ valid: true, role: 'viewer', operator: false })
    })
  await using stack = new AsyncDisposableStack()
  const server = serve({ fetch: commodore.fetch, port: 0, hostname: '127.0.0.1' })
  stack.defer(() => new Promise((resolve) => server.close(() => resolve())))
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const { database, target } = stack.use(await openTestStores())
  const settings = readConfig({
    COMMODORE_URL: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    QUARTERMASTER_URL: 'http://127.0.0.1:18002',
    IDENTITY_KEY: JSON.stringify(identities.keyOf('periscope-query')),
    CLICKHOUSE_URL: target.url,
    CLICKHOUSE_USER: target.user,
    CLICKHOUSE_PASSWORD: target.password,
    CLICKHOUSE_DATABASE: target.database,
    DATABASE_URL: database.urlAs('periscope'),
    DATABASE_WS_PROXY: database.wsProxy,
  })
  expect(inspect(settings) + JSON.stringify(settings)).not.toMatch(/:test@|"d"/)
  const service = stack.use(await open(settings))

  expect(await refusal(send(service, 'GET /health'))).toBe('200')
  const usage = 'GET /usage?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00%2B02:00'
  for (const token of [await identities.user(tenant_id), 'fw_reads']) {
    const answer = await receive(Usage, send(service, usage, { token }))
    expect(answer).toMatchObject({ sessions: 0, to: '2026-11-24T22:00:00.000Z' })
  }
  const ended = await identities.user(tenant_id, { userId: gone })
  expect(await refusal(send(service, usage, { token: ended }))).toBe('401 session_revoked')
  expect(await refusal(send(service, usage, { token: 'fw_writes' }))).toBe('403 forbidden')
  expect(await refusal(send(service, usage, { token: 'fw_unknown' }))).toBe('401 api_token_unknown')
  expect(await refusal(send(service, usage))).toBe('401 unauthenticated')
})
