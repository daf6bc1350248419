import { DEAD_LETTERS_TOPIC, EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { ConsumedRecord, EventLog, EventRecord } from '../../../shared/kafka/event-log.ts'
import type { Log } from '../../../shared/log.ts'
import type { Failure } from './ingest.ts'

/** Text of a header, so that the letter itself stays within what the log takes. */
const DETAIL_CHARS_MAX = 500

/** Puts records that cannot be stored into the topic for them, as they came, with the reason in their headers. */
export async function bury(
  { events, log }: { events: EventLog; log: Log },
  failures: readonly Failure<ConsumedRecord>[],
): Promise<void> {
  if (failures.length === 0) return
  await events.produce(DEAD_LETTERS_TOPIC, failures.map(toLetter))
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

function toLetter({ record, fault }: Failure<ConsumedRecord>): EventRecord {
  const { key, value, headers, partition, offset } = record
  return {
    key,
    value,
    headers: {
      ...headers,
      dead_reason: fault.reason,
      dead_detail: printable(fault.message).slice(0, DETAIL_CHARS_MAX),
      dead_from: `${EVENTS_TOPIC}/${partition}/${offset}`,
    },
  }
}

/** A message may quote the event, and headers take neither NUL nor halves of a character. */
function printable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}
