import { fragment, whole } from '../rows/source.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { summedRows } from './part.ts'

/** Two polls of a session that are further apart have others between them that were lost. */
export const POLLS_APART_SECONDS_MAX = 120

/** What polls of viewers' sessions add: the difference to the poll before, or all since the start for a session that is new. */
export const viewerSums = summedRows(
  {
    egress_bytes: fragment`polled.egress_bytes - before[1]`,
    viewer_ms: fragment`(polled.connected_seconds - before[5]) * 1000`,
    packets_sent: fragment`polled.packets_sent - before[2]`,
    packets_lost: fragment`polled.packets_lost - before[3]`,
    packets_retransmitted: fragment`polled.packets_retransmitted - before[4]`,
  },
  ({ rows, derive }, { range, query, stream_id }, columns) => {
    const { from, to } = range
    const earlier = new Date(Date.parse(from) - POLLS_APART_SECONDS_MAX * 1000).toISOString()
    return derive`
      SELECT ${bucketOf(query, fragment`occurred_at`)} AS at, stream_id, node_id, cluster_id, connector AS protocol, ${columns}
      FROM (
        SELECT *, [egress_bytes, packets_sent, packets_lost, packets_retransmitted, connected_seconds] AS figures,
          CAST([0, 0, 0, 0, 0], 'Array(UInt64)') AS none,
          lagInFrame(figures, 1, none) OVER (PARTITION BY stream_id, node_id, session_id ORDER BY occurred_at, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last,
          if(arrayAll((now, then) -> now >= then, figures, last), last, none) AS before
        FROM ${rows('client_samples', { from: earlier, to, stream_id })} WHERE role = 'viewer'
      ) AS polled
      WHERE occurred_at >= fromUnixTimestamp64Milli(${whole(Date.parse(from))})
        AND polled.connected_seconds - before[5] <= ${whole(POLLS_APART_SECONDS_MAX)}`
  },
)
