import { type ListQuery, Run, type RunPage } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { pageOf, startOf } from '../rows/page.ts'
import { textOrNull, whole } from '../rows/row.ts'
import { whole as wholeValue } from '../rows/source.ts'
import { streamReaderOf } from './reader.ts'

const Row = Run.extend({
  node_id: textOrNull,
  cluster_id: textOrNull,
  ingress_bytes: whole,
  egress_bytes: whole,
  viewer_seconds: whole,
  viewers: whole,
  inputs: whole,
  outputs: whole,
})

/**
 * Finished runs of a stream, the latest end first. A run began when the stream became ready on its host for the first
 * time after the run before.
 */
export async function listRuns(ctx: Ctx, streamId: string, query: ListQuery): Promise<RunPage> {
  const { ask, rows } = await streamReaderOf(ctx, streamId)
  const { at, id } = startOf(query)
  const found = await ask(Row)`
    SELECT event_id, node_id, cluster_id, occurred_at AS ended_at, ingress_bytes, egress_bytes, viewer_seconds, viewers,
      inputs, outputs, provenance,
      arrayFilter(time -> time > previous AND time <= occurred_at, times) AS own_times,
      if(empty(own_times), NULL, arrayMin(own_times)) AS started_at
    FROM (
      SELECT *, lagInFrame(occurred_at) OVER
        (PARTITION BY node_id ORDER BY occurred_at, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS previous
      FROM ${rows('final_runs', { to: query.to })}
    ) AS runs
    LEFT JOIN (
      SELECT node_id, groupArray(occurred_at) AS times FROM ${rows('stream_samples', { to: query.to })}
      WHERE cause = 'ready' GROUP BY node_id
    ) AS readies USING node_id
    WHERE (occurred_at, event_id) < (fromUnixTimestamp64Milli(${at}), ${id})
      AND occurred_at >= fromUnixTimestamp64Milli(${wholeValue(Date.parse(query.from ?? '1970-01-01'))})
    ORDER BY occurred_at DESC, event_id DESC LIMIT ${wholeValue(query.limit + 1)}`
  return pageOf(found, query.limit, ({ ended_at }) => ended_at)
}
