import { type ClickHouse, openClickHouse } from '../../shared/clickhouse/client.ts'
import { type Clock, systemClock } from '../../shared/clock.ts'
import {
  DEAD_LETTERS_RETENTION_MS,
  DEAD_LETTERS_TOPIC,
  EVENTS_RETENTION_MS,
  EVENTS_TOPIC,
  TOPIC_PARTITIONS,
} from '../../shared/contract/decklog.ts'
import type { EventLog } from '../../shared/kafka/event-log.ts'
import { openEventLog } from '../../shared/kafka/open-event-log.ts'
import type { Log } from '../../shared/log.ts'
import { type Database, openDatabase } from '../../shared/postgres/database.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import type { PeriscopeIngestSettings } from './config.ts'
import { createReadForgotten, type ReadForgotten } from './retention/forgotten.ts'
import type { Tables } from './state/tables.ts'

export const NAME = 'periscope-ingest'

export interface OpenStores extends AsyncDisposable {
  clickhouse: ClickHouse
  db: Database<Tables>
  events: EventLog
  readForgotten: ReadForgotten
}

/** Opens the event log with both topics, and the two stores, which must be migrated. */
export async function openStores(
  { config, secrets }: PeriscopeIngestSettings,
  log: Log,
  clock: Clock = systemClock,
): Promise<OpenStores> {
  const wsProxy = config.DATABASE_WS_PROXY
  await using opened = new AsyncDisposableStack()
  const clickhouse = opened.use(
    openClickHouse({
      url: config.CLICKHOUSE_URL,
      user: config.CLICKHOUSE_USER,
      password: secrets.CLICKHOUSE_PASSWORD,
      database: config.CLICKHOUSE_DATABASE,
    }),
  )
  const db = opened.use(openDatabase<Tables>(openPool(secrets.DATABASE_URL, { wsProxy, applicationName: NAME })))
  const events = opened.use(
    await openEventLog(
      { ...config, ...secrets },
      {
        client_id: NAME,
        wsProxy,
        report: (fault) => log.warn('event log recovers', { code: fault.reason, error: fault }),
      },
    ),
  )
  await events.ensureTopic(EVENTS_TOPIC, { partitions: TOPIC_PARTITIONS, retention_ms: EVENTS_RETENTION_MS })
  await events.ensureTopic(DEAD_LETTERS_TOPIC, {
    partitions: TOPIC_PARTITIONS,
    retention_ms: DEAD_LETTERS_RETENTION_MS,
  })
  const owned = opened.move()
  const readForgotten = createReadForgotten(clickhouse, clock)
  return { clickhouse, db, events, readForgotten, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
