import { text, wholeOrNull, word } from './column.ts'
import { table } from './table.ts'

/** Each publisher that was let in, turned away, or left. */
export const ingestAttempts = table({
  name: 'ingest_attempts',
  of: 'stream-ingest',
  columns: {
    action: word,
    protocol: word,
    publisher_host: text,
    country_code: word,
    city: word,
    request_url: text,
    connector_pid: wholeOrNull,
    reason_code: word,
    reason: text,
    provenance: word,
  },
  toRows: ({ data: { place, request_url, reason_code, reason, ...data } }) => [
    {
      ...data,
      country_code: place?.country_code ?? '',
      city: place?.city ?? '',
      request_url: request_url ?? '',
      reason_code: reason_code ?? '',
      reason: reason ?? '',
    },
  ],
})
