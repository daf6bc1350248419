import { flagOrNull, text, wholeOrNull, word } from './column.ts'
import { table } from './table.ts'

/** The state of a stream on a host at each change and at each poll. */
export const streamSamples = table({
  name: 'stream_samples',
  of: 'stream-lifecycle',
  columns: {
    status: word,
    cause: word,
    reason: text,
    input_type: word,
    replicated: flagOrNull,
    viewers: wholeOrNull,
    inputs: wholeOrNull,
    outputs: wholeOrNull,
    tracks: wholeOrNull,
    ingress_bytes: wholeOrNull,
    egress_bytes: wholeOrNull,
    viewer_seconds: wholeOrNull,
    packets_sent: wholeOrNull,
    packets_lost: wholeOrNull,
    packets_retransmitted: wholeOrNull,
    buffer_ms: wholeOrNull,
    jitter_ms: wholeOrNull,
    issues: text,
  },
  toRows: ({ data: { reason, input_type, issues, ...data } }) => [
    { ...data, reason: reason ?? '', input_type: input_type ?? '', issues: issues ?? '' },
  ],
})
