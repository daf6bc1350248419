import { z } from 'zod'
import { Code, Count, Host, Name, Place, Provenance, Text, Url } from './fields.ts'

/** A publisher was let in, turned away, or left. */
export const StreamIngest = z.strictObject({
  action: z.enum(['start', 'rejected', 'end']),
  protocol: Name,
  publisher_host: Host,
  place: Place.nullish(),
  /** The stream key in it is replaced; null at the end, where the source does not say. */
  request_url: Url.nullable(),
  /** Process id of the connector: the same at the start and the end of one push. */
  connector_pid: Count.nullable(),
  reason_code: Code.nullable(),
  reason: Text.nullable(),
  provenance: Provenance,
})
export type StreamIngest = z.infer<typeof StreamIngest>
