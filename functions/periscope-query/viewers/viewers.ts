import { z } from 'zod'
import type { Audience, AudienceFilters, AudienceQuery } from '../../../shared/contract/audience.ts'
import type { Ctx } from '../deps.ts'
import { matching } from '../rows/matching.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { fragment, type Source, wholes } from '../rows/source.ts'
import { toBuckets } from '../series/buckets.ts'
import { type Measure, readSeries } from '../series/series.ts'
import { requireOwnStream } from '../streams/reader.ts'
import { visitsOf } from './visits.ts'

/** Viewers are told to a thousandth. */
const ROUNDING = 1000
const HOUR_MS = 3_600_000

const Sums = z.object({ open_ms: whole, sessions: whole, most: whole })

export const audience: Measure<typeof Sums, Figures> = {
  columns: fragment`sum(ended - began) AS open_ms, uniqExact(session_id) AS sessions,
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
  return readSeries(reader, query, spread(reader, query, filters, ctx.now()), audience)
}

/** The part of each visit that lies in each bucket; `at` is where the bucket begins. */
function spread(reader: Reader, query: AudienceQuery, filters: AudienceFilters, now: Date): Source {
  const starts = toBuckets(query, query.bucket)
  const [first, last] = [wholes(starts), wholes([...starts.slice(1), Date.parse(query.to)])]
  const numbers = wholes(starts.map((_, index) => index + 1))
  const bucketOf = (moment: ReturnType<typeof fragment>) =>
    fragment`transform(roundDown(${moment}, ${first}), ${first}, ${numbers}, toInt64(1))`
  const visits = matching(reader, visitsOf(reader, query, now), filters)
  return reader.derive`
    SELECT * EXCEPT (began, ended, number), ${first}[number] AS at,
      greatest(opened, at) AS began, least(closed, ${last}[number]) AS ended
    FROM (
      SELECT * EXCEPT (began, ended), visits.began AS opened, visits.ended AS closed,
        arrayJoin(range(${bucketOf(fragment`opened`)}, ${bucketOf(fragment`greatest(opened, closed - 1)`)} + 1)) AS number
      FROM ${visits} AS visits
    ) AS parts`
}

function round(value: number): number {
  return Math.round(value * ROUNDING) / ROUNDING
}
