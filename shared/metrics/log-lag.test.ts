import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { PostgresEventLog } from '../kafka/postgres/postgres-event-log.ts'
import { freshDatabase } from '../testing/postgres.ts'
import { showLogLag } from './log-lag.ts'

test('each group shows how far it has read, and none while the log is away', async () => {
  await using database = await freshDatabase()
  await database.migrate({ schema: 'event_log', folder: new URL('../kafka/postgres/migrations/', import.meta.url) })
  const log = new PostgresEventLog(database.pool(database.urlAs('event_log')))
  await log.ensureTopic('events', { partitions: 1 })
  const registry = new Registry()
  showLogLag(registry, log, { topic: 'events', groups: ['reads', 'sleeps'] })
  const record = { key: 'k', headers: {}, value: Buffer.from('x') }
  await log.produce('events', [record, record, record])
  const of = { topic: 'events', group: 'reads', batch_records_max: 1, batch_wait_ms: 0 }
  const consumer = log.consume(of, async () => undefined)
  await consumer.drained()
  await consumer.close()
  const text = await registry.metrics()
  expect(text).toContain('event_log_lag_records{group="reads",partition="0"} 0')
  expect(text).toContain('event_log_committed_offset{group="reads",partition="0"} 3')
  expect(text).toContain('event_log_lag_records{group="sleeps",partition="0"} 3')
  await log[Symbol.asyncDispose]()
  expect(await registry.metrics()).not.toMatch(/^event_log_/m)
})
