import { z } from 'zod'
import type { Tiers, TiersQuery } from '../../../shared/contract/quality.ts'
import type { Ctx } from '../deps.ts'
import { earlierOf, lasting } from '../rows/lasting.ts'
import { matching } from '../rows/matching.ts'
import { type Reader, readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { fragment, type Source } from '../rows/source.ts'
import { type Measure, readSeries } from '../series/series.ts'
import { spread } from '../series/spread.ts'
import { requireOwnStream } from '../streams/reader.ts'

const MINUTE_MS = 60_000
const Sums = z.object({ tier_ms: whole, streams: whole })

const measure: Measure<typeof Sums, Omit<Tiers['points'][number], 'at'>> = {
  columns: fragment`sum(ended - began) AS tier_ms, uniqExact(stream_id) AS streams`,
  sums: Sums,
  nothing: { tier_ms: 0, streams: 0 },
  rank: fragment`tier_ms`,
  toFigures: ({ tier_ms, streams }) => ({ minutes: tier_ms / MINUTE_MS, streams }),
}

/** How long the caller's streams had which tracks over a range, in buckets and groups. */
export async function readTiers(ctx: Ctx, query: TiersQuery): Promise<Tiers> {
  const reader = readerOf(ctx)
  const { stream_id, node_id, cluster_id, tier, codec } = query
  await requireOwnStream(ctx, stream_id)
  const spans = matching(reader, spansOf(reader, query, stream_id, ctx.now()), { node_id, cluster_id, tier, codec })
  return readSeries(reader, query, spread(reader, query, spans), measure)
}

/** Which tracks each stream had from when to when, on hosts that do not pull it from another one. */
function spansOf(reader: Reader, query: TiersQuery, stream_id: string | undefined, now: Date): Source {
  const { rows, derive } = reader
  const earlier = { ...earlierOf(query), stream_id }
  const lists = derive`
    SELECT *, JSONExtractArrayRaw(tracks) AS every,
      arrayFilter(track -> JSONExtractString(track, 'kind') = 'video', every) AS videos,
      arraySort(track -> -least(JSONExtractUInt(track, 'height'), JSONExtractUInt(track, 'width')), videos)[1] AS largest,
      least(JSONExtractUInt(largest, 'height'), JSONExtractUInt(largest, 'width')) AS side,
      multiIf(empty(every), '', empty(videos), 'audio', side >= 2160, '2160p', side >= 1440, '1440p', side >= 1080, '1080p',
        side >= 720, '720p', side >= 480, '480p', 'sd') AS state,
      JSONExtractString(largest, 'codec') AS detail
    FROM ${rows('track_lists', earlier)}`
  return derive`
    SELECT stream_id, node_id, cluster_id, state AS tier, detail AS codec, began, ended
    FROM ${lasting(reader, lists, query, now)} AS spans
    WHERE (stream_id, node_id) NOT IN (
      SELECT stream_id, node_id FROM ${rows('stream_samples', { from: query.from, to: query.to, stream_id })} WHERE replicated = true
    )`
}
