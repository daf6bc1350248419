import { z } from 'zod'
import { Name, PushTargetId, Time } from './fields.ts'

/** Platforms that a stream is sent on to at a time. */
export const PUSH_TARGETS_MAX = 20
/** Longest address; SRT carries its whole configuration in it. */
export const PUSH_URL_LENGTH_MAX = 2_048

const PushUrl = z
  .string()
  .min(1)
  .max(PUSH_URL_LENGTH_MAX)
  .describe('`rtmp://`, `rtmps://` or `srt://`, credentials and all; kept encrypted and never shown again')

export const CreatePushTarget = z.strictObject({ name: Name, url: PushUrl, enabled: z.boolean().default(true) })

export const UpdatePushTarget = z
  .strictObject({ name: Name, url: PushUrl, enabled: z.boolean() })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')

export const PushTarget = z
  .object({
    id: PushTargetId,
    name: z.string(),
    redacted_url: z.string().describe('Scheme, host and port; `***` stands for the rest'),
    enabled: z.boolean(),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'PushTarget' })
