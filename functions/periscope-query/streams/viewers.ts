import { z } from 'zod'
import { STEP_SECONDS_MIN, type Viewers, type ViewersQuery } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { rolledUntilOf } from '../rollups/rolled.ts'
import { whole } from '../rows/row.ts'
import { whole as wholeValue } from '../rows/source.ts'
import { visitsOf } from '../viewers/visits.ts'
import { streamReaderOf } from './reader.ts'
import { toTimeline } from './timeline.ts'

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
  const visits = visitsOf(reader, query, ctx.now(), await rolledUntilOf(ctx))
  const start = wholeValue(Date.parse(from))
  const [changes, unique] = await Promise.all([
    reader.ask(Change)`
      SELECT intDiv(t, ${wholeValue(step_seconds * 1000)}) AS step, sum(sign) AS net, sum(sign * t) AS moment
      FROM (
        SELECT arrayJoin([(began, 1), (ended, -1)]) AS change, change.1 - ${start} AS t, change.2 AS sign FROM ${visits}
      )
      GROUP BY step`,
    reader.ask(Unique)`SELECT uniqExact(session_id) AS viewers FROM ${visits}`,
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

/** Whole minutes where they give few enough points, else as short as may be. */
function fitStep(duration_ms: number): number {
  const fitted = duration_ms / 1000 / POINTS_FITTED
  return fitted < 60 ? Math.max(STEP_SECONDS_MIN, Math.ceil(fitted)) : Math.ceil(fitted / 60) * 60
}

function round(value: number): number {
  return Math.round(value * VIEWER_ROUNDING) / VIEWER_ROUNDING
}
