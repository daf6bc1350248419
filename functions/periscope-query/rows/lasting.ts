import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Reader } from './reader.ts'
import { type Source, whole } from './source.ts'
import { untilNow } from './until-now.ts'

/** A state that has not changed for longer is not known any more. */
export const STATE_DAYS_MAX = 31

/** The range in which states may have begun that last into this one. */
export function earlierOf({ from, to }: TimeRange): TimeRange {
  return { from: new Date(Date.parse(from) - STATE_DAYS_MAX * 86_400_000).toISOString(), to }
}

/**
 * States of streams on hosts as spans: each lasts until the next one on the same host, or until the stream went off
 * there, or now. `states` has `stream_id, node_id, cluster_id, event_id, occurred_at, state` and one column `detail`. The spans have
 * `began` and `ended` in Unix ms, cut to the range, and the true beginning as `since`.
 */
export function lasting(
  { rows, derive }: Pick<Reader, 'rows' | 'derive'>,
  states: Source,
  range: TimeRange,
  now: Date,
): Source {
  const start = whole(Date.parse(range.from))
  const stop = untilNow(range, now)
  const earlier = earlierOf(range)
  return derive`
    SELECT * EXCEPT next, greatest(since, ${start}) AS began, least(next, since + ${whole(STATE_DAYS_MAX * 86_400_000)}, ${stop}) AS ended
    FROM (
      SELECT stream_id, node_id, cluster_id, state, detail, toUnixTimestamp64Milli(occurred_at) AS since,
        leadInFrame(since, 1, ${stop}) OVER (PARTITION BY stream_id, node_id ORDER BY occurred_at, event_id
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
      FROM (
        SELECT stream_id, node_id, cluster_id, event_id, occurred_at, state, detail FROM ${states} AS stated
        UNION ALL
        SELECT stream_id, node_id, cluster_id, event_id, occurred_at, '', '' FROM ${rows('stream_samples', earlier)}
        WHERE cause = 'unload'
        UNION ALL
        SELECT stream_id, node_id, cluster_id, event_id, occurred_at, '', '' FROM ${rows('final_runs', earlier)}
        WHERE provenance = 'reconciled'
      ) AS changes
    ) AS spans
    WHERE state != '' AND since < ${stop} AND least(next, since + ${whole(STATE_DAYS_MAX * 86_400_000)}) > ${start}`
}
