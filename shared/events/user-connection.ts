import { z } from 'zod'
import { Bytes, Code, Count, Host, Name, Place, Provenance, Replaced, Url } from './fields.ts'
import { SESSION_PARTS_MAX, TAGS_MAX } from './limits.ts'

const opening = {
  session_id: Name,
  host: Host,
  place: Place.nullish(),
  connector: Name,
  request_url: Url,
}

const Seconds = z.strictObject({ name: Name, seconds: Count })
const HostSeconds = z.strictObject({ host: Host, seconds: Count })

const Connect = z.strictObject({ action: z.literal('connect'), ...opening })
const Denied = z.strictObject({ action: z.literal('denied'), ...opening, reason_code: Code })

/** The final fact of a viewer session. A session id can come back after 15 s of silence: it is not unique, `event_id` is. */
const Disconnect = z.strictObject({
  action: z.literal('disconnect'),
  session_id: Name,
  /** Of the longest part of the session; the lists below hold all parts. */
  host: Host,
  place: Place.nullish(),
  connector: Name,
  seconds: Count,
  egress_bytes: Bytes,
  ingress_bytes: Bytes,
  hosts: z.array(HostSeconds).max(SESSION_PARTS_MAX),
  connectors: z.array(Seconds).max(SESSION_PARTS_MAX),
  streams: z.array(Seconds).max(SESSION_PARTS_MAX),
  tags: z.array(Name).max(TAGS_MAX),
  provenance: Provenance,
  replaces: Replaced.optional(),
})

/**
 * A viewer session began, was refused, or ended. Viewers over SRT have none: MistServer takes them for outputs, asks
 * and tells nothing of them, and its OUTPUT_END says 0 bytes for them and looks like that of a push. Their bytes are
 * in the run's.
 */
export const UserConnection = z.discriminatedUnion('action', [Connect, Denied, Disconnect])
export type UserConnection = z.infer<typeof UserConnection>
