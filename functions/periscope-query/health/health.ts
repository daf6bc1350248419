import { HealthEvent, type HealthPage, type HealthQuery } from '../../../shared/contract/health.ts'
import type { Ctx } from '../deps.ts'
import { rangeOfPage, readPage } from '../rows/list.ts'
import { matching } from '../rows/matching.ts'
import { textOrNull, wholeOrNull } from '../rows/row.ts'
import { streamReaderOf } from '../streams/reader.ts'

const Row = HealthEvent.extend({
  node_id: textOrNull,
  cause: textOrNull,
  detail: textOrNull,
  protocol: textOrNull,
  buffer_ms: wholeOrNull,
  jitter_ms: wholeOrNull,
})

/** What happened to a stream and why, newest first. */
export async function listHealth(ctx: Ctx, streamId: string, query: HealthQuery): Promise<HealthPage> {
  const reader = await streamReaderOf(ctx, streamId)
  const range = rangeOfPage(query)
  const { rows, derive } = reader
  const events = derive`
    SELECT event_id, occurred_at AS at, node_id, 'ingest' AS kind, action AS state, reason_code AS cause,
      reason AS detail, protocol, CAST(NULL, 'Nullable(UInt64)') AS buffer_ms,
      CAST(NULL, 'Nullable(UInt64)') AS jitter_ms
    FROM ${rows('ingest_attempts', range)}
    UNION ALL
    SELECT event_id, occurred_at, node_id, 'lifecycle', status, cause, reason, '', buffer_ms, jitter_ms
    FROM ${rows('stream_samples', range)} WHERE cause != 'poll'
    UNION ALL
    SELECT event_id, occurred_at, node_id, 'buffer', state, '', issues, '', buffer_ms, jitter_ms
    FROM ${rows('buffer_states', range)}
    UNION ALL
    SELECT event_id, occurred_at, node_id, 'issues', if(issues = '', 'gone', 'found'), '',
      if(issues = '', before, issues), '', buffer_ms, jitter_ms
    FROM (
      SELECT *, lagInFrame(issues) OVER
        (PARTITION BY node_id ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM ${rows('stream_samples', range)} WHERE cause = 'poll'
    ) AS polls
    WHERE issues != before
    UNION ALL
    SELECT event_id, occurred_at, node_id, 'end', provenance, '', '', '', NULL, NULL
    FROM ${rows('final_runs', range)}`
  return readPage(reader, Row, matching(reader, events, { kind: query.kind }), query)
}
