import { text, timeOrNull, uuidOrNull, whole, wholeByWord, word, words } from './column.ts'
import { table } from './table.ts'

/** The final fact of each viewer session; `occurred_at` is its end. */
export const viewerSessions = table({
  name: 'viewer_sessions',
  of: 'user-connection',
  columns: {
    session_id: text,
    host: text,
    country_code: word,
    city: word,
    connector: word,
    seconds: whole,
    egress_bytes: whole,
    ingress_bytes: whole,
    seconds_by_connector: wholeByWord,
    seconds_by_stream: wholeByWord,
    tags: words,
    provenance: word,
    replaced_event_id: uuidOrNull,
    replaced_at: timeOrNull,
    h3_cell: word,
  },
  toRows: ({ data }) => {
    if (data.action !== 'disconnect') return []
    const { session_id, host, place, connector, seconds, egress_bytes, ingress_bytes, tags, provenance, replaces } =
      data
    return [
      {
        session_id,
        host,
        country_code: place?.country_code ?? '',
        city: place?.city ?? '',
        h3_cell: place?.h3_cell ?? '',
        connector,
        seconds,
        egress_bytes,
        ingress_bytes,
        seconds_by_connector: toRecord(data.connectors),
        seconds_by_stream: toRecord(data.streams),
        tags,
        provenance,
        replaced_event_id: replaces?.event_id ?? null,
        replaced_at: replaces?.occurred_at ?? null,
      },
    ]
  },
})

function toRecord(parts: readonly { name: string; seconds: number }[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const { name, seconds } of parts) sums.set(name, (sums.get(name) ?? 0) + seconds)
  return Object.fromEntries(sums)
}
