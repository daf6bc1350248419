import { z } from 'zod'
import type { Meters, MetersQuery } from '../../../shared/contract/meters.ts'
import { Meter } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { matching } from '../rows/matching.ts'
import { readerOf } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { fragment } from '../rows/source.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { type Measure, readSeries } from '../series/series.ts'
import { requireOwnStream } from '../streams/reader.ts'
import { readCompleteUntil } from '../usage/complete.ts'

type Figures = Record<z.infer<typeof Meter>, number>
const Sums = z.object({ quantities: z.record(z.string(), whole) })

const measure: Measure<typeof Sums, Figures> = {
  columns: fragment`sumMap(map(meter, quantity)) AS quantities`,
  sums: Sums,
  nothing: { quantities: {} },
  rank: fragment`quantities['egress_bytes']`,
  toFigures: ({ quantities }) =>
    Object.fromEntries(Meter.options.map((meter) => [meter, quantities[meter] ?? 0])) as Figures,
}

/** What the caller's streams used by meter, in buckets and groups, and up to when that is complete. */
export async function readMeters(ctx: Ctx, query: MetersQuery): Promise<Meters> {
  const reader = readerOf(ctx)
  const { stream_id, cluster_id, from, to } = query
  await requireOwnStream(ctx, stream_id)
  const windows = matching(reader, reader.rows('usage_windows', { stream_id, from, to }), { cluster_id })
  const bucketed = reader.derive`
    SELECT *, ${bucketOf(query, fragment`toDateTime64(window_start, 3)`)} AS at FROM ${windows} AS used`
  const [series, complete_until] = await Promise.all([
    readSeries(reader, query, bucketed, measure),
    readCompleteUntil(reader, query, ctx.now()),
  ])
  return { ...series, complete_until, complete: complete_until >= to }
}
