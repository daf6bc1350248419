import { inspect } from 'node:util'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { EVENTS_TOPIC } from '../../shared/contract/decklog.ts'
import { newId } from '../../shared/ids.ts'
import { PostgresEventLog } from '../../shared/kafka/postgres/postgres-event-log.ts'
import { refusal, send } from '../../shared/testing/api.ts'
import { createIdentities } from '../../shared/testing/identities.ts'
import { freshDatabase } from '../../shared/testing/postgres.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'

test('opened from its variables it makes its topic, appends events, tells how it is, and closes', async () => {
  const identities = await createIdentities(() => new Date())
  const stream = { internal_name: 'regatta', stream_id: newId('stream'), tenant_id: newId('tenant'), playback_id: 'p' }
  const seen: (string | undefined)[] = []
  const controlPlane = new Hono()
    .get('/.well-known/jwks.json', (c) => c.json(identities.keySet))
    .post('/streams/resolve', async (c) => {
      seen.push(c.req.header('authorization'))
      return c.json({ streams: [stream] })
    })
  await using stack = new AsyncDisposableStack()
  const server = serve({ fetch: controlPlane.fetch, port: 0, hostname: '127.0.0.1' })
  stack.defer(() => new Promise((resolve) => server.close(() => resolve())))
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`

  const database = stack.use(await freshDatabase())
  await database.migrate({
    schema: 'event_log',
    folder: new URL('../../shared/kafka/postgres/migrations/', import.meta.url),
  })
  const settings = readConfig({
    COMMODORE_URL: url,
    QUARTERMASTER_URL: url,
    IDENTITY_KEY: JSON.stringify(identities.keyOf('decklog')),
    EVENT_LOG_URL: database.urlAs('event_log'),
    DATABASE_WS_PROXY: database.wsProxy,
  })
  expect(inspect(settings) + JSON.stringify(settings)).not.toMatch(/:test@|"d"/)
  const service = stack.use(await open(settings))
  expect(await refusal(send(service, 'GET /health'))).toBe('200')

  const event = {
    event_id: crypto.randomUUID(),
    event_type: 'stream-view',
    stream_name: 'live+regatta',
    occurred_at: new Date().toISOString(),
    source: 'foghorn',
    schema_version: 1,
    data: { playback_id: 'p', protocol: 'HLS', viewer_host: '', request_url: '', outcome: 'denied', reason_code: 'x' },
  }
  const token = await identities.service('foghorn', 'decklog')
  const answer = await send(service, `POST /produce/${EVENTS_TOPIC}`, { token, body: { value: event } })
  expect(answer.status).toBe(200)
  expect(seen).toEqual([expect.stringMatching(/^Bearer ey/)])
  const metrics = await (await send(service, 'GET /metrics')).text()
  expect(metrics).toContain('decklog_events_total{event_type="stream-view",outcome="accepted",service="decklog"} 1')

  expect(metrics).toMatch(/event_log_lag_records\{group="periscope-ingest",partition="\d+",service="decklog"\} 1/)
  expect(metrics).toMatch(/event_log_committed_offset\{group="signalman-feed",partition="0",service="decklog"\} 0/)

  const log = stack.use(new PostgresEventLog(database.pool(database.urlAs('event_log'))))
  const lag = await log.lag({ topic: EVENTS_TOPIC, group: 'test' })
  expect(lag.reduce((sum, partition) => sum + partition.lag, 0n)).toBe(1n)
})
