import { timeOrNull, uuidOrNull, whole, word } from './column.ts'
import { table } from './table.ts'

/** The totals of each run of a stream on a host; `occurred_at` is its end. */
export const streamRuns = table({
  name: 'stream_runs',
  of: 'stream-end',
  columns: {
    ingress_bytes: whole,
    egress_bytes: whole,
    viewers: whole,
    inputs: whole,
    outputs: whole,
    viewer_seconds: whole,
    provenance: word,
    replaced_event_id: uuidOrNull,
    replaced_at: timeOrNull,
  },
  toRows: ({ data: { replaces, ...data } }) => [
    { ...data, replaced_event_id: replaces?.event_id ?? null, replaced_at: replaces?.occurred_at ?? null },
  ],
})
