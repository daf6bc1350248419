import { z } from 'zod'
import { Bytes, Count, Milliseconds, Name, Text } from './fields.ts'

/** The state of a stream on one host. Figures come with polls and are null otherwise; bytes count from the stream's start. */
export const StreamLifecycle = z.strictObject({
  status: z.enum(['starting', 'live', 'stopping', 'offline']),
  cause: z.enum(['ready', 'unload', 'poll']),
  reason: Text.nullable(),
  input_type: Name.nullable(),
  /** This host pulls the stream from another one. */
  replicated: z.boolean().nullable(),
  viewers: Count.nullable(),
  inputs: Count.nullable(),
  outputs: Count.nullable(),
  tracks: Count.nullable(),
  ingress_bytes: Bytes.nullable(),
  egress_bytes: Bytes.nullable(),
  viewer_seconds: Count.nullable(),
  packets_sent: Count.nullable(),
  packets_lost: Count.nullable(),
  packets_retransmitted: Count.nullable(),
  buffer_ms: Milliseconds.nullable(),
  jitter_ms: Milliseconds.nullable(),
  issues: Text.nullable(),
})
export type StreamLifecycle = z.infer<typeof StreamLifecycle>
