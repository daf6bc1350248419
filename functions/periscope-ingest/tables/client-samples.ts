import { quantity, text, whole, wholeOrNull, word } from './column.ts'
import { table } from './table.ts'

/** One session at one poll; byte and packet counts run from its start, deltas from the poll before. */
export const clientSamples = table({
  name: 'client_samples',
  of: 'client-lifecycle',
  columns: {
    session_id: text,
    role: word,
    connector: word,
    connected_seconds: whole,
    position_seconds: quantity,
    egress_bytes: whole,
    ingress_bytes: whole,
    egress_bytes_delta: wholeOrNull,
    ingress_bytes_delta: wholeOrNull,
    egress_bytes_per_second: quantity,
    ingress_bytes_per_second: quantity,
    packets_sent: whole,
    packets_lost: whole,
    packets_retransmitted: whole,
  },
  toRows: ({ data }) => data.samples,
})
