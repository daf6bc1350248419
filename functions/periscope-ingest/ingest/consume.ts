import { EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { Consumer, EventLog } from '../../../shared/kafka/event-log.ts'
import type { Log } from '../../../shared/log.ts'
import { bury } from '../dead-letters/bury.ts'
import { ingest, SLICE_RECORDS_MAX, type Stores } from './ingest.ts'

export const GROUP = 'periscope-ingest'
/** Several slices, so that one is read while another is stored; in bytes the log itself bounds a batch. */
export const BATCH_RECORDS_MAX = 4 * SLICE_RECORDS_MAX
export const BATCH_WAIT_MS = 200

export interface ConsumeDeps extends Stores {
  events: EventLog
  log: Log
  /** Told of each batch once it is stored. */
  count: (stored: number, dead: number) => void
}

/** Stores what the event log gets, until closed; offsets are committed once both stores and the dead letters have answered. */
export function consume({ events, log, count, ...stores }: ConsumeDeps): Consumer {
  const of = { topic: EVENTS_TOPIC, group: GROUP, batch_records_max: BATCH_RECORDS_MAX, batch_wait_ms: BATCH_WAIT_MS }
  return events.consume(of, async (batch) => {
    const { failures } = await ingest(stores, batch)
    await bury({ ...stores, events, log }, failures)
    count(batch.length - failures.length, failures.length)
  })
}
