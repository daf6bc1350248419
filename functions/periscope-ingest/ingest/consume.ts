import { EVENTS_TOPIC, type EventsGroup } from '../../../shared/contract/decklog.ts'
import type { Consumer, EventLog } from '../../../shared/kafka/event-log.ts'
import type { Log } from '../../../shared/log.ts'
import { bury } from '../dead-letters/bury.ts'
import type { Counted } from '../metrics.ts'
import { isMark } from '../tables/host-heard.ts'
import { readBatch, type Stores, storeBatch } from './ingest.ts'

export const GROUP: EventsGroup = 'periscope-ingest'
/** Of one insert a table: half of it costs ClickHouse up to twice as much a row. In bytes the log itself bounds a batch. */
export const BATCH_RECORDS_MAX = 10_000
export const BATCH_WAIT_MS = 200

export interface ConsumeDeps extends Stores {
  events: EventLog
  log: Log
  /** Told of each batch once it is stored. */
  count: (counted: Counted) => void
}

/**
 * Stores what the event log gets, until closed: one batch is read while the one before is stored. Offsets are committed
 * once both stores and the dead letters have answered.
 */
export function consume({ events, log, count, ...stores }: ConsumeDeps): Consumer {
  const of = { topic: EVENTS_TOPIC, group: GROUP, batch_records_max: BATCH_RECORDS_MAX, batch_wait_ms: BATCH_WAIT_MS }
  return events.consume(of, async (records) => {
    const batch = await readBatch(records)
    const told = records.filter((record) => !isMark(record)).length
    const newest_ms = records.reduce((newest, { timestamp_ms }) => Math.max(newest, timestamp_ms), 0)
    return async () => {
      const failures = await storeBatch(stores, batch)
      await bury({ ...stores, events, log }, failures)
      count({ stored: told - failures.length, dead: failures.length, newest_ms })
    }
  })
}
