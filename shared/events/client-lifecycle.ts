import { z } from 'zod'
import { Bytes, Count, Name, Quantity } from './fields.ts'
import { CLIENT_SAMPLES_MAX } from './limits.ts'

/** One session at the moment of the poll; bytes and packets count from its start, deltas from the poll before (null at the first). */
export const ClientSample = z.strictObject({
  session_id: Name,
  role: z.enum(['viewer', 'input', 'output']),
  connector: Name,
  connected_seconds: Count,
  position_seconds: Quantity,
  egress_bytes: Bytes,
  ingress_bytes: Bytes,
  egress_bytes_delta: Bytes.nullable(),
  ingress_bytes_delta: Bytes.nullable(),
  egress_bytes_per_second: Quantity,
  ingress_bytes_per_second: Quantity,
  packets_sent: Count,
  packets_lost: Count,
  packets_retransmitted: Count,
})
export type ClientSample = z.infer<typeof ClientSample>

/** The sessions of one stream on one host; a stream with more than the limit is split over several events. */
export const ClientLifecycle = z.strictObject({
  samples: z.array(ClientSample).min(1).max(CLIENT_SAMPLES_MAX),
})
export type ClientLifecycle = z.infer<typeof ClientLifecycle>
