import { flagOrNull, text, timeOrNull, whole, wholeOrNull, word } from './column.ts'
import { table } from './table.ts'

/** Each segment and each end of a recording. */
export const recordings = table({
  name: 'recordings',
  of: 'recording-lifecycle',
  columns: {
    action: word,
    path: text,
    format: word,
    bytes: wholeOrNull,
    seconds: wholeOrNull,
    started_at: timeOrNull,
    ended_at: timeOrNull,
    media_ms: whole,
    first_ms: wholeOrNull,
    last_ms: wholeOrNull,
    succeeded: flagOrNull,
    reason_code: word,
    reason: text,
  },
  toRows: ({ data: { start, end, format, reason_code, reason, ...data } }) => [
    {
      ...data,
      format: format ?? '',
      started_at: start,
      ended_at: end,
      reason_code: reason_code ?? '',
      reason: reason ?? '',
    },
  ],
})
