import { json } from './column.ts'
import { table } from './table.ts'

/** What the tracks of a stream were from `occurred_at` on. */
export const trackLists = table({
  name: 'track_lists',
  of: 'track-list',
  columns: { tracks: json },
  toRows: ({ data }) => [{ tracks: JSON.stringify(data.tracks) }],
})
