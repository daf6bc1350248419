import { z } from 'zod'
import {
  Push,
  type PushesQuery,
  type PushPage,
  Recording,
  type RecordingPage,
  type RecordingsQuery,
} from '../../../shared/contract/outputs.ts'
import type { Ctx } from '../deps.ts'
import { rangeOfPage, readPage } from '../rows/list.ts'
import { matching } from '../rows/matching.ts'
import { json, textOrNull, wholeOrNull } from '../rows/row.ts'
import { streamReaderOf } from '../streams/reader.ts'

const PushRow = Push.extend({
  node_id: textOrNull,
  cluster_id: textOrNull,
  push_id: wholeOrNull,
  active_ms: wholeOrNull,
  bytes: wholeOrNull,
  media_ms: wholeOrNull,
  log: json.pipe(Push.shape.log),
})

const RecordingRow = Recording.extend({
  node_id: textOrNull,
  cluster_id: textOrNull,
  format: textOrNull,
  bytes: wholeOrNull,
  seconds: wholeOrNull,
  media_ms: z.coerce.number(),
  reason_code: textOrNull,
  reason: textOrNull,
})

/** Starts and ends of the pushes of a stream, newest first. */
export async function listPushes(ctx: Ctx, streamId: string, query: PushesQuery): Promise<PushPage> {
  const reader = await streamReaderOf(ctx, streamId)
  const rows = matching(reader, reader.rows('pushes', rangeOfPage(query)), { action: query.action })
  const pushes = reader.derive`
    SELECT event_id, occurred_at AS at, node_id, cluster_id, action, push_id, target, active_ms, bytes,
      media_sent_ms AS media_ms, log_tail AS log FROM ${rows}`
  return readPage(reader, PushRow, pushes, query)
}

/** Segments and ends of the recordings of a stream, newest first. */
export async function listRecordings(ctx: Ctx, streamId: string, query: RecordingsQuery): Promise<RecordingPage> {
  const reader = await streamReaderOf(ctx, streamId)
  const rows = matching(reader, reader.rows('recordings', rangeOfPage(query)), { action: query.action })
  const recordings = reader.derive`
    SELECT event_id, occurred_at AS at, node_id, cluster_id, action, path, format, bytes, seconds, started_at, ended_at,
      media_ms, succeeded, reason_code, reason FROM ${rows}`
  return readPage(reader, RecordingRow, recordings, query)
}
