import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { DEAD_LETTERS_TOPIC } from '../../../shared/contract/decklog.ts'
import { toFault } from '../../../shared/fault.ts'
import type { ConsumedRecord, EventLog } from '../../../shared/kafka/event-log.ts'
import type { Log } from '../../../shared/log.ts'
import type { Failure } from '../ingest/ingest.ts'
import { toWaiting } from '../ingest/refusal.ts'
import { toErrorRow, toLetter } from './letter.ts'

interface BuryDeps {
  events: EventLog
  clickhouse: ClickHouse
  log: Log
}

/** Puts records that cannot be stored into the topic for them, and a row for each where operators look. */
export async function bury(
  { events, clickhouse, log }: BuryDeps,
  failures: readonly Failure<ConsumedRecord>[],
): Promise<void> {
  if (failures.length === 0) return
  const letters = failures.map(({ record, fault }) => toLetter(record, fault))
  await events.produce(DEAD_LETTERS_TOPIC, letters)
  const rows = letters.map((letter, i) => toErrorRow(letter, 'open', failures[i]?.record.timestamp_ms ?? 0))
  await clickhouse.insert('ingest_errors', rows).catch((error: unknown) => {
    throw toWaiting(toFault(error))
  })
  for (const { record, fault } of failures) {
    const { partition, offset, headers } = record
    log.error('event cannot be stored', {
      code: fault.reason,
      event_id: headers.event_id,
      event_type: headers.event_type,
      partition,
      offset: String(offset),
    })
  }
}
