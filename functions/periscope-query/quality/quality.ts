import type { Quality, QualityQuery } from '../../../shared/contract/quality.ts'
import type { Ctx } from '../deps.ts'
import { rolledUntilOf } from '../rollups/rolled.ts'
import { matching } from '../rows/matching.ts'
import { readerOf } from '../rows/reader.ts'
import type { Added } from '../series/added.ts'
import { readAddedSeries } from '../series/series.ts'
import { requireOwnStream } from '../streams/reader.ts'
import { qualityRows } from './rolled-quality.ts'
import { nothing, Sums } from './sums.ts'

type Figures = Omit<Quality['points'][number], 'at'>

const measure: Added<typeof Sums, Figures> = {
  sums: Sums,
  nothing,
  sizeOf: ({ egress_bytes, full_ms }) => egress_bytes + full_ms,
  toFigures: (sums) => {
    const { full_ms, dry_ms, recover_ms } = sums
    return {
      egress_bytes: sums.egress_bytes,
      viewer_bitrate_bps: share(sums.egress_bytes * 8_000, sums.viewer_ms),
      packet_loss: share(sums.packets_lost, sums.packets_sent, 1),
      packet_retransmission: share(sums.packets_retransmitted, sums.packets_sent, 1),
      buffer_full_seconds: Math.round(full_ms / 1000),
      buffer_dry_seconds: Math.round(dry_ms / 1000),
      buffer_recover_seconds: Math.round(recover_ms / 1000),
      rebuffers: sums.rebuffers,
      rebuffer_ratio: share(dry_ms, full_ms + dry_ms + recover_ms, 1),
      fps: share(sums.frames_ms, sums.fps_ms),
      ingress_bitrate_bps: share(sums.ingress_bytes * 8_000, sums.ingress_ms),
      startups: sums.startups,
      startup_ms: share(sums.startup_ms, sums.startups),
    }
  },
}

/** How well the caller's streams came in and went out over a range, in buckets and groups. */
export async function readQuality(ctx: Ctx, query: QualityQuery): Promise<Quality> {
  const reader = readerOf(ctx)
  const { stream_id, node_id, cluster_id, protocol } = query
  await requireOwnStream(ctx, stream_id)
  const parts = qualityRows(reader, query, { stream_id, now: ctx.now(), until: await rolledUntilOf(ctx) })
  const filters = { node_id, cluster_id, protocol }
  const matched = parts.map((part) => ({ ...part, source: matching(reader, part.source, filters) }))
  return readAddedSeries(reader, query, matched, measure)
}

/** Null of nothing; what a host counts in two ways may exceed what it is a share of. */
function share(part: number, whole: number, most = Number.POSITIVE_INFINITY): number | null {
  return whole === 0 ? null : Math.min(part / whole, most)
}
