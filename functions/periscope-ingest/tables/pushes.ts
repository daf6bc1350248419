import { json, text, wholeOrNull, word } from './column.ts'
import { table } from './table.ts'

/** Each start and each end of a push to another server or to a file. */
export const pushes = table({
  name: 'pushes',
  of: 'push-lifecycle',
  columns: {
    action: word,
    push_id: wholeOrNull,
    target: text,
    active_ms: wholeOrNull,
    bytes: wholeOrNull,
    media_sent_ms: wholeOrNull,
    log_tail: json,
  },
  toRows: ({ data: { action, push_id, target, status, log_tail } }) => [
    {
      action,
      push_id,
      target,
      active_ms: status?.active_ms ?? null,
      bytes: status?.bytes ?? null,
      media_sent_ms: status?.media_sent_ms ?? null,
      log_tail: JSON.stringify(log_tail),
    },
  ],
})
