import { json, text, wholeOrNull, word } from './column.ts'
import { table } from './table.ts'

/** Each change of a stream's buffer, with the health of its tracks. */
export const bufferStates = table({
  name: 'buffer_states',
  of: 'stream-buffer',
  columns: {
    state: word,
    buffer_ms: wholeOrNull,
    jitter_ms: wholeOrNull,
    keep_away_ms_max: wholeOrNull,
    issues: text,
    final_media_ms: wholeOrNull,
    tracks: json,
  },
  toRows: ({ data }) => [{ ...data, issues: data.issues ?? '', tracks: JSON.stringify(data.tracks) }],
})
