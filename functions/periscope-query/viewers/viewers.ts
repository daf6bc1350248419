import { z } from 'zod'
import type { Audience, AudienceQuery, audienceDimensions } from '../../../shared/contract/audience.ts'
import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { Ctx } from '../deps.ts'
import { rolledUntilOf } from '../rollups/rolled.ts'
import { matching } from '../rows/matching.ts'
import { readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { fragment } from '../rows/source.ts'
import { type Measure, readSeries, readSeriesAndTops } from '../series/series.ts'
import { spread } from '../series/spread.ts'
import { requireOwnStream } from '../streams/reader.ts'
import { visitsOf } from './visits.ts'

/** Viewers are told to a thousandth. */
const ROUNDING = 1000
const HOUR_MS = 3_600_000

const Sums = z.object({ open_ms: whole, sessions: whole, most: whole })

// `uniqExact` counts texts by this hash of them: it is made once for each visit, and not for each set that the visit is in.
const audience: Measure<typeof Sums, Figures> = {
  columns: fragment`sum(ended - began) AS open_ms, uniqExact(session_hash) AS sessions,
    maxIntersections(began, ended) AS most`,
  sums: Sums,
  nothing: { open_ms: 0, sessions: 0, most: 0 },
  rank: fragment`open_ms`,
  toFigures: ({ open_ms, sessions, most }, span_ms) => ({
    viewers: round(open_ms / span_ms),
    viewers_peak: most,
    viewers_unique: sessions,
    viewer_hours: round(open_ms / HOUR_MS),
  }),
}

type Figures = Pick<Audience['total'], 'viewers' | 'viewers_peak' | 'viewers_unique' | 'viewer_hours'>

/** Viewers of the caller's streams over a range, in buckets and groups. */
export async function readAudience(ctx: Ctx, query: AudienceQuery): Promise<Audience> {
  const reader = readerOf(ctx)
  const { stream_id, country_code, city, cell, protocol, node_id, cluster_id } = query
  const filters = { stream_id, country_code, city, cell, protocol, node_id, cluster_id }
  await requireOwnStream(ctx, stream_id)
  const visits = matching(reader, visitsOf(reader, query, ctx.now(), await rolledUntilOf(ctx)), filters)
  return readSeries(reader, query, spread(reader, query, visits), audience)
}

type Dimension = (typeof audienceDimensions)[number]

/** Viewers over a range, in buckets, and who watched most by each of some dimensions, in one reading. */
export async function readTops<D extends Dimension>(
  ctx: Ctx,
  query: SeriesInput,
  dimensions: readonly D[],
): Promise<Pick<Audience, 'total' | 'points'> & { tops: Record<D, ({ value: string | null } & Figures)[]> }> {
  const reader = readerOf(ctx)
  const visits = spread(reader, query, visitsOf(reader, query, ctx.now(), await rolledUntilOf(ctx)))
  const { total, points, tops } = await readSeriesAndTops(reader, query, visits, audience, dimensions)
  return { total, points, tops }
}

function round(value: number): number {
  return Math.round(value * ROUNDING) / ROUNDING
}
