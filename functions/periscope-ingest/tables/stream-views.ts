import { text, word } from './column.ts'
import { table } from './table.ts'

/** Each request to play a stream; one viewer asks several times. */
export const streamViews = table({
  name: 'stream_views',
  of: 'stream-view',
  columns: {
    playback_id: text,
    protocol: word,
    viewer_host: text,
    country_code: word,
    city: word,
    request_url: text,
    outcome: word,
    reason_code: word,
  },
  toRows: ({ data: { place, playback_id, reason_code, ...data } }) => [
    {
      ...data,
      playback_id: playback_id ?? '',
      country_code: place?.country_code ?? '',
      city: place?.city ?? '',
      reason_code: reason_code ?? '',
    },
  ],
})
