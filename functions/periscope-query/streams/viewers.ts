import { z } from 'zod'
import { STEP_SECONDS_MIN, type Viewers, type ViewersQuery } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { whole } from '../rows/row.ts'
import { type Source, whole as wholeValue } from '../rows/source.ts'
import { type StreamReader, streamReaderOf } from './reader.ts'
import { toTimeline } from './timeline.ts'

/** How long an open session counts after it was last heard of: the interval of the client poll. */
export const HEARD_MS = 60_000
/** Points that a series has, at most, when the caller does not say how wide they are. */
const POINTS_FITTED = 200
const VIEWER_ROUNDING = 1000

const Change = z.object({ step: whole, net: z.coerce.number(), moment: z.coerce.number() })
const Unique = z.object({ viewers: whole })

/** Concurrent viewers of a stream over a range, and how many and how long in all. */
export async function readViewers(ctx: Ctx, streamId: string, query: ViewersQuery): Promise<Viewers> {
  const reader = await streamReaderOf(ctx, streamId)
  const { from, to } = query
  const duration_ms = Date.parse(to) - Date.parse(from)
  const step_seconds = query.step_seconds ?? fitStep(duration_ms)
  const spans = spansOf(reader, query, ctx.now())
  const [changes, unique] = await Promise.all([
    reader.ask(Change)`
      SELECT intDiv(t, ${wholeValue(step_seconds * 1000)}) AS step, sum(sign) AS net, sum(sign * t) AS moment
      FROM (SELECT arrayJoin([(began, 1), (ended, -1)]) AS change, change.1 AS t, change.2 AS sign FROM ${spans})
      GROUP BY step`,
    reader.ask(Unique)`SELECT uniqExact(session_id) AS viewers FROM ${spans}`,
  ])
  const { means, viewer_ms } = toTimeline(changes, duration_ms, step_seconds * 1000)
  const points = means.map((mean, index) => ({
    at: new Date(Date.parse(from) + index * step_seconds * 1000).toISOString(),
    viewers: round(mean),
  }))
  return {
    stream_id: streamId,
    from,
    to,
    step_seconds,
    points,
    viewers_peak: Math.max(0, ...points.map(({ viewers }) => viewers)),
    viewers_unique: unique[0]?.viewers ?? 0,
    viewer_hours: round(viewer_ms / 3_600_000),
  }
}

/**
 * When each session was open within the range, in ms from its start. A session that has not ended is known by its
 * arrival and by polls after its last end, and lasts until a little after it was last heard of.
 */
function spansOf({ rows, derive }: StreamReader, { from, to }: ViewersQuery, now: Date): Source {
  const start = wholeValue(Date.parse(from))
  const end = wholeValue(Math.min(Date.parse(to), Math.max(Date.parse(from), now.getTime())))
  const heard = wholeValue(HEARD_MS)
  const earlier = new Date(Date.parse(from) - HEARD_MS).toISOString()
  const finished = derive`
    SELECT node_id, session_id, toUnixTimestamp64Milli(occurred_at) AS ended_ms,
      ended_ms - toInt64(seconds) * 1000 AS began_ms
    FROM ${rows('final_sessions', { from: earlier })}`
  const evidence = derive`
    SELECT node_id, session_id, toUnixTimestamp64Milli(occurred_at) AS heard_ms, heard_ms AS began_ms
    FROM ${rows('viewer_arrivals', { from: earlier, to })} WHERE action = 'connect'
    UNION ALL
    SELECT node_id, session_id, toUnixTimestamp64Milli(occurred_at) AS heard_ms,
      heard_ms - toInt64(connected_seconds) * 1000 AS began_ms
    FROM ${rows('client_samples', { from: earlier, to })} WHERE role = 'viewer'`
  const open = derive`
    SELECT session_id, min(began_ms) AS began_ms, max(heard_ms) + ${heard} AS ended_ms
    FROM ${evidence} AS evidence
    LEFT JOIN (SELECT node_id, session_id, max(ended_ms) AS last_ms FROM ${finished} GROUP BY node_id, session_id) AS ends
      USING (node_id, session_id)
    WHERE heard_ms > last_ms
    GROUP BY node_id, session_id`
  return derive`
    SELECT session_id, greatest(began_ms, ${start}) - ${start} AS began, least(ended_ms, ${end}) - ${start} AS ended
    FROM (SELECT session_id, began_ms, ended_ms FROM ${finished} UNION ALL SELECT session_id, began_ms, ended_ms FROM ${open})
    WHERE began_ms < ${end} AND ended_ms > ${start}`
}

/** Whole minutes where they give few enough points, else as short as may be. */
function fitStep(duration_ms: number): number {
  const fitted = duration_ms / 1000 / POINTS_FITTED
  return fitted < 60 ? Math.max(STEP_SECONDS_MIN, Math.ceil(fitted)) : Math.ceil(fitted / 60) * 60
}

function round(value: number): number {
  return Math.round(value * VIEWER_ROUNDING) / VIEWER_ROUNDING
}
