import { type Clock, systemClock } from '../../../shared/clock.ts'
import { EVENTS_TOPIC, type EventsGroup } from '../../../shared/contract/decklog.ts'
import type { ConsumedRecord, Consumer, EventLog } from '../../../shared/kafka/event-log.ts'
import { createLog } from '../../../shared/log.ts'
import { openDatabase } from '../../../shared/postgres/database.ts'
import { openPool } from '../../../shared/postgres/pool.ts'
import type { Tables } from '../tables.ts'
import type { ListenerSettings } from './config.ts'
import { hear } from './hear.ts'

const NAME: EventsGroup = 'commodore-events'
/** As few transactions as possible, and none that holds its locks for long. */
export const BATCH_RECORDS_MAX = 500
const BATCH_WAIT_MS = 200

/** Tells tenants what the platform's events say, batch by batch. */
export interface Listener extends AsyncDisposable {
  hear(batch: readonly Pick<ConsumedRecord, 'value' | 'headers'>[]): Promise<void>
}

/** Opens the listener with connections of its own to Commodore's tables, which must be migrated. */
export function openListener({ config, secrets }: ListenerSettings, clock: Clock = systemClock): Listener {
  const pool = openPool(secrets.DATABASE_URL, { wsProxy: config.DATABASE_WS_PROXY, applicationName: NAME })
  const db = openDatabase<Tables>(pool)
  const log = createLog(NAME)
  return { hear: (batch) => hear({ db, clock, log }, batch), [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
}

/** Feeds a listener from the event log, where no event source does it, until closed. */
export function listen(listener: Listener, events: EventLog): Consumer {
  const of = { topic: EVENTS_TOPIC, group: NAME, batch_records_max: BATCH_RECORDS_MAX, batch_wait_ms: BATCH_WAIT_MS }
  return events.consume(of, (batch) => listener.hear(batch))
}
