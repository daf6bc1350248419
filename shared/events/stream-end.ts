import { z } from 'zod'
import { Bytes, Count, Provenance, Replaced } from './fields.ts'

/** The totals of a stream on one host, once it has ended there. */
export const StreamEnd = z.strictObject({
  ingress_bytes: Bytes,
  egress_bytes: Bytes,
  viewers: Count,
  inputs: Count,
  outputs: Count,
  viewer_seconds: Count,
  provenance: Provenance,
  replaces: Replaced.optional(),
})
export type StreamEnd = z.infer<typeof StreamEnd>
