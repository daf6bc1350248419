import { z } from 'zod'
import { Code, Host, Name, Place, Url } from './fields.ts'

/** Somebody asked to play a stream; one viewer asks several times. */
export const StreamView = z.strictObject({
  playback_id: Name.nullable(),
  protocol: Name,
  viewer_host: Host,
  place: Place.nullish(),
  request_url: Url,
  outcome: z.enum(['allowed', 'denied']),
  reason_code: Code.nullable(),
})
export type StreamView = z.infer<typeof StreamView>
