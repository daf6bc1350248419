import { z } from 'zod'
import { type ListQuery, Track, TrackList, type TrackListPage } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { rangeOfPage, readPage } from '../rows/list.ts'
import { json, textOrNull } from '../rows/row.ts'
import { streamReaderOf } from './reader.ts'

const Row = TrackList.extend({ node_id: textOrNull, tracks: json.pipe(z.array(Track)) })

/** What the tracks of a stream were, the latest change first. */
export async function listTracks(ctx: Ctx, streamId: string, query: ListQuery): Promise<TrackListPage> {
  const reader = await streamReaderOf(ctx, streamId)
  const lists = reader.derive`
    SELECT event_id, occurred_at AS at, node_id, tracks FROM ${reader.rows('track_lists', rangeOfPage(query))}`
  return readPage(reader, Row, lists, query)
}
