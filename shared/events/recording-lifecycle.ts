import { z } from 'zod'
import { Bytes, Code, Count, Milliseconds, Name, Text, Timestamp, Url } from './fields.ts'

/** A segment of a recording was written, or the recording ended. `start`, `end` are wall time; `*_ms` are media time. */
export const RecordingLifecycle = z.strictObject({
  action: z.enum(['segment', 'end']),
  path: Url,
  format: Name.nullable(),
  bytes: Bytes.nullable(),
  seconds: Count.nullable(),
  start: Timestamp.nullable(),
  end: Timestamp.nullable(),
  media_ms: Milliseconds,
  /** Null when nothing was recorded. */
  first_ms: Milliseconds.nullable(),
  last_ms: Milliseconds.nullable(),
  succeeded: z.boolean().nullable(),
  reason_code: Code.nullable(),
  reason: Text.nullable(),
})
export type RecordingLifecycle = z.infer<typeof RecordingLifecycle>
