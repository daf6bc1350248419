import { fragment, whole } from '../rows/source.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { summedRows } from './part.ts'
import { POLLS_APART_SECONDS_MAX } from './viewer-rows.ts'

/** What polls of streams add that publishers send to: the bytes since the poll before. */
export const ingressSums = summedRows(
  { ingress_bytes: fragment`received - before.2`, ingress_ms: fragment`polled_ms - before.1` },
  ({ rows, derive }, { range, query, stream_id }, columns) => {
    const { from, to } = range
    const earlier = new Date(Date.parse(from) - POLLS_APART_SECONDS_MAX * 1000).toISOString()
    return derive`
      SELECT ${bucketOf(query, fragment`occurred_at`)} AS at, stream_id, node_id, cluster_id, '' AS protocol, ${columns}
      FROM (
        SELECT *, toUnixTimestamp64Milli(occurred_at) AS polled_ms, assumeNotNull(ingress_bytes) AS received,
          lagInFrame(tuple(polled_ms, received)) OVER (PARTITION BY stream_id, node_id ORDER BY occurred_at, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
        FROM ${rows('stream_samples', { from: earlier, to, stream_id })}
        WHERE cause = 'poll' AND ingress_bytes IS NOT NULL AND NOT ifNull(replicated, false)
      ) AS polls
      WHERE occurred_at >= fromUnixTimestamp64Milli(${whole(Date.parse(from))}) AND received >= before.2
        AND polled_ms - before.1 <= ${whole(POLLS_APART_SECONDS_MAX * 1000)}`
  },
)
