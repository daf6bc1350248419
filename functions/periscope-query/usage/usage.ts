import { z } from 'zod'
import type { RangeQuery, Usage } from '../../../shared/contract/periscope-query.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Ctx } from '../deps.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { streamReaderOf } from '../streams/reader.ts'

const SessionSums = z.object({ sessions: whole, viewer_seconds: whole, egress_bytes: whole, ingress_bytes: whole })
const RunSums = z.object({
  count: whole,
  ingress_bytes: whole,
  egress_bytes: whole,
  viewer_seconds: whole,
  viewers: whole,
  inputs: whole,
  outputs: whole,
})
const RecordingSums = z.object({ ended: whole, recorded_ms: whole, recorded_bytes: whole })

/** What one stream of the caller's used within a range. */
export async function streamUsage(ctx: Ctx, streamId: string, range: RangeQuery): Promise<Usage> {
  return { stream_id: streamId, ...(await sumUp(await streamReaderOf(ctx, streamId), range)) }
}

/** What all streams of the caller's tenant used within a range. */
export async function tenantUsage(ctx: Ctx, range: RangeQuery): Promise<Usage> {
  return { stream_id: null, ...(await sumUp(readerOf(ctx), range)) }
}

async function sumUp(
  { ask, rows }: Pick<Reader, 'ask' | 'rows'>,
  range: RangeQuery,
): Promise<Omit<Usage, 'stream_id'>> {
  const [sessions, runs, recordings] = await Promise.all([
    ask(SessionSums)`
      SELECT count() AS sessions, sum(seconds) AS viewer_seconds, sum(ended.egress_bytes) AS egress_bytes,
        sum(ended.ingress_bytes) AS ingress_bytes
      FROM ${rows('viewer_sessions', range)} AS ended`,
    ask(RunSums)`
      SELECT count() AS count, sum(runs.ingress_bytes) AS ingress_bytes, sum(runs.egress_bytes) AS egress_bytes,
        sum(runs.viewer_seconds) AS viewer_seconds, sum(runs.viewers) AS viewers, sum(runs.inputs) AS inputs,
        sum(runs.outputs) AS outputs
      FROM ${rows('stream_runs', range)} AS runs`,
    ask(RecordingSums)`
      SELECT count() AS ended, sum(media_ms) AS recorded_ms, sum(ifNull(bytes, 0)) AS recorded_bytes
      FROM ${rows('recordings', range)} WHERE action = 'end'`,
  ])
  const { ended, recorded_ms, recorded_bytes } = only(recordings)
  const recorded = { recordings: ended, recorded_seconds: recorded_ms / 1000, recorded_bytes }
  return { ...range, ...only(sessions), runs: only(runs), ...recorded }
}

/** Sums without groups always come as one row. */
function only<R>(rows: readonly R[]): R {
  const [row] = rows
  if (row === undefined) throw new Fault('internal', 'unreadable_rows', 'Internal error')
  return row
}
