import { EVENTS_TOPIC } from '../../../shared/contract/decklog.ts'
import type { ConsumedRecord, EventRecord } from '../../../shared/kafka/event-log.ts'

/** Text of a header, so that the letter itself stays within what the log takes. */
const DETAIL_CHARS_MAX = 500

/** A record that cannot be stored, for the topic of dead letters: as it came, with the reason in its headers. */
export function toLetter({ key, value, headers, partition, offset }: ConsumedRecord, why: Why): EventRecord {
  return {
    key,
    value,
    headers: {
      ...headers,
      dead_reason: why.reason,
      dead_detail: printable(why.message).slice(0, DETAIL_CHARS_MAX),
      // One that was replayed and failed again stays the same letter.
      dead_from: headers.dead_from ?? `${EVENTS_TOPIC}/${partition}/${offset}`,
    },
  }
}

interface Why {
  reason: string
  message: string
}

/** The record that a letter was, to try again; it keeps where it first lay. */
export function toRecord({ key, value, headers }: EventRecord): EventRecord {
  const { dead_reason: _, dead_detail: __, ...kept } = headers
  return { key, value, headers: kept }
}

/** A letter in the table `ingest_errors`. */
export function toErrorRow({ headers }: EventRecord, state: 'open' | 'replayed', timestamp_ms: number) {
  const text = (name: string) => printable(headers[name] ?? '').slice(0, DETAIL_CHARS_MAX)
  return {
    dead_from: text('dead_from'),
    state,
    logged_at: new Date(timestamp_ms).toISOString(),
    tenant_id: text('tenant_id'),
    event_id: text('event_id'),
    event_type: text('event_type'),
    reason: text('dead_reason'),
    detail: text('dead_detail'),
  }
}

/** A message may quote the event, and headers take neither NUL nor halves of a character. */
function printable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}
