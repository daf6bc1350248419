import { z } from 'zod'
import { type ListQuery, Track, TrackList, type TrackListPage } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { pageOf, startOf } from '../rows/page.ts'
import { json, textOrNull } from '../rows/row.ts'
import { whole } from '../rows/source.ts'
import { streamReaderOf } from './reader.ts'

const Row = TrackList.extend({ node_id: textOrNull, tracks: json.pipe(z.array(Track)) })

/** What the tracks of a stream were, the latest change first. */
export async function listTracks(ctx: Ctx, streamId: string, query: ListQuery): Promise<TrackListPage> {
  const { ask, rows } = await streamReaderOf(ctx, streamId)
  const { at, id } = startOf(query)
  const found = await ask(Row)`
    SELECT event_id, occurred_at AS at, node_id, tracks FROM ${rows('track_lists', query)}
    WHERE (occurred_at, event_id) < (fromUnixTimestamp64Milli(${at}), ${id})
    ORDER BY occurred_at DESC, event_id DESC LIMIT ${whole(query.limit + 1)}`
  return pageOf(found, query.limit, (row) => row.at)
}
