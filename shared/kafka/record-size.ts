import { Fault } from '../fault.ts'
import type { EventRecord } from './event-log.ts'

/** Largest record (key, value and headers), below the 1,048,588 bytes that a broker takes by default. */
export const RECORD_BYTES_MAX = 1_000_000
/** Most bytes that are sent in one batch; one record always fits. */
export const BATCH_BYTES_MAX = 1_000_000
/** A batch for a handler takes no further record once it holds this many bytes of values. */
export const HANDLED_BYTES_MAX = 8_000_000
/** What a record costs beside its content: lengths, offset and time deltas. */
const RECORD_OVERHEAD_BYTES = 32
const HEADER_OVERHEAD_BYTES = 8
const BETWEEN = ' '

/** Bytes that a record takes in a batch. Throws `record_too_large` or `invalid_record`: neither ever succeeds unchanged. */
export function recordBytes(record: EventRecord): number {
  const headers = Object.entries(record.headers)
  const texts = [record.key, ...headers.flat()]
  const overhead = RECORD_OVERHEAD_BYTES + headers.length * HEADER_OVERHEAD_BYTES
  const bytes = overhead + textBytes(texts) + record.value.byteLength
  if (bytes > RECORD_BYTES_MAX) {
    throw new Fault(
      'too_large',
      'record_too_large',
      `A record may take ${RECORD_BYTES_MAX} bytes; this one takes ${bytes}`,
    )
  }
  return bytes
}

/** Both engines take the same text: Postgres stores no NUL, and a lone surrogate is not UTF-8. */
function textBytes(texts: readonly string[]): number {
  // Looked at in one piece, which costs a third; what stands between keeps halves of characters apart.
  const all = texts.join(BETWEEN)
  if (!all.isWellFormed() || all.includes('\0')) {
    throw new Fault('invalid', 'invalid_record', 'A key or header holds a character that cannot be stored')
  }
  return Buffer.byteLength(all) - (texts.length - 1) * BETWEEN.length
}

/** When a record happened, for the log: a source whose clock runs ahead is cut to `now`, because Kafka refuses the whole batch. */
export function recordTime(record: EventRecord, now: number): number {
  return Math.trunc(Math.min(record.timestamp_ms ?? now, now))
}
