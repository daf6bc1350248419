import { z } from 'zod'
import { Bytes, Count, Milliseconds, Name, Text, Timestamp, Url } from './fields.ts'
import { LOG_LINES_MAX } from './limits.ts'

const LogLine = z.strictObject({ at: Timestamp, level: Name, text: Text })

/** A push to another server, or to a file, began or ended. Credentials in targets and log lines are replaced. */
export const PushLifecycle = z.strictObject({
  action: z.enum(['start', 'end']),
  push_id: Count.nullable(),
  /** With its variables filled in at the end; as configured at the start. */
  target: Url,
  status: z
    .strictObject({ active_ms: Milliseconds, bytes: Bytes.nullable(), media_sent_ms: Milliseconds.nullable() })
    .nullable(),
  log_tail: z.array(LogLine).max(LOG_LINES_MAX),
})
export type PushLifecycle = z.infer<typeof PushLifecycle>
