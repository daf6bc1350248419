import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { EVENTS_TOPIC } from '../../shared/contract/decklog.ts'
import { PostgresEventLog } from '../../shared/kafka/postgres/postgres-event-log.ts'
import { readConfig } from './config.ts'
import { open } from './service.ts'
import { eventOf, toValue } from './testing/events.ts'
import { openTestStores } from './testing/stores.ts'

test('everything that is missing is named at once', () => {
  expect(() => readConfig({ EVENT_LOG_URL: 'x' })).toThrow(
    /CLICKHOUSE_URL is missing.*CLICKHOUSE_PASSWORD is missing.*DATABASE_URL is missing.*EVENT_LOG_URL: is not a postgres/s,
  )
})

test('opened from its variables it stores events, tells how it is, and closes', async () => {
  await using stores = await openTestStores()
  const { database, target } = stores
  await database.migrate({
    schema: 'event_log',
    folder: new URL('../../shared/kafka/postgres/migrations/', import.meta.url),
  })
  const settings = readConfig({
    CLICKHOUSE_URL: target.url,
    CLICKHOUSE_USER: target.user,
    CLICKHOUSE_PASSWORD: target.password,
    CLICKHOUSE_DATABASE: target.database,
    DATABASE_URL: database.urlAs('periscope'),
    DATABASE_WS_PROXY: new URL(`ws://${database.wsProxy}`).host,
    EVENT_LOG_URL: database.urlAs('event_log'),
  })
  expect(inspect(settings) + JSON.stringify(settings)).not.toContain(':test@')
  await using service = await open(settings)

  await using events = new PostgresEventLog(database.pool(database.urlAs('event_log')))
  await events.produce(EVENTS_TOPIC, [{ key: 'k', headers: {}, ...toValue(eventOf('stream-end')) }])
  await service.drained()
  expect(await stores.clickhouse.query('SELECT 1 FROM stream_runs FINAL')).toHaveLength(1)

  const get = async (path: string) => service.fetch(new Request(`http://service.test${path}`))
  expect(await (await get('/health')).json()).toEqual({
    status: 'ok',
    checks: { clickhouse: 'ok', database: 'ok', consumer: 'ok' },
  })
  const metrics = await (await get('/metrics')).text()
  expect(metrics).toMatch(/periscope_ingest_events_total\{outcome="stored",service="periscope-ingest"\} 1/)
  expect(metrics).toMatch(/periscope_ingest_newest_event_timestamp_seconds\{service="periscope-ingest"\} \d{10}/)
})
