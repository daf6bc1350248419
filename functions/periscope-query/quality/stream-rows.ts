import type { Before } from '../rollups/rolled.ts'
import { lasting } from '../rows/lasting.ts'
import type { Reader } from '../rows/reader.ts'
import { fragment, type Source, text, whole } from '../rows/source.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { spread } from '../series/spread.ts'
import type { Part } from './part.ts'
import { toColumns } from './sums.ts'
import { POLLS_APART_SECONDS_MAX } from './viewer-rows.ts'

/** How long each state of a buffer lasted; `detail` is the frame rate in it. */
export function bufferSpans(reader: Reader, { range, stream_id, now, before }: Part): Source {
  const told = reader.derive`
    SELECT * EXCEPT state, if(buffer.state = 'EMPTY', '', buffer.state) AS state,
      toString(arrayMax(arrayPushBack(arrayMap(track -> JSONExtractFloat(track, 'fps'),
        arrayFilter(track -> JSONExtractString(track, 'kind') = 'video', JSONExtractArrayRaw(tracks))), 0))) AS detail
    FROM ${reader.rows('buffer_states', { from: before.since, to: range.to, stream_id })} AS buffer`
  return lasting(reader, withStates(reader, told, 'buffer', before), range, now, before.since)
}

/** States that were told, and those of one kind that lasted before. */
function withStates({ derive }: Reader, told: Source, kind: 'buffer' | 'ready', { states }: Before): Source {
  const columns = fragment`stream_id, node_id, cluster_id, event_id, occurred_at, state, detail`
  if (states === undefined) return told
  return derive`
    SELECT ${columns} FROM ${told} AS told
    UNION ALL
    SELECT stream_id, node_id, cluster_id, toUUID('00000000-0000-0000-0000-000000000000'),
      fromUnixTimestamp64Milli(since_ms, 'UTC'), state, detail
    FROM ${states} AS lasted WHERE kind = ${text(kind)}`
}

/** What the buffers of streams add: how long each state lasted, and the frame rate in it. */
export function bufferRows(reader: Reader, part: Part): Source {
  const parts = spread(reader, part.query, bufferSpans(reader, part))
  return reader.derive`
    SELECT at, stream_id, node_id, cluster_id, '' AS protocol, ${toColumns({
      full_ms: fragment`if(state = 'FULL', ended - began, 0)`,
      dry_ms: fragment`if(state = 'DRY', ended - began, 0)`,
      recover_ms: fragment`if(state = 'RECOVER', ended - began, 0)`,
      rebuffers: fragment`state = 'DRY' AND since = began`,
      frames_ms: fragment`fps * (ended - began)`,
      fps_ms: fragment`if(fps > 0, ended - began, 0)`,
    })}
    FROM (SELECT *, toFloat64(detail) AS fps FROM ${parts} AS cut) AS parted`
}

/** What polls of streams add that publishers send to: the bytes since the poll before. */
export function ingressRows({ rows, derive }: Reader, { range, query, stream_id }: Part): Source {
  const { from, to } = range
  const earlier = new Date(Date.parse(from) - POLLS_APART_SECONDS_MAX * 1000).toISOString()
  return derive`
    SELECT ${bucketOf(query, fragment`occurred_at`)} AS at, stream_id, node_id, cluster_id, '' AS protocol,
      ${toColumns({ ingress_bytes: fragment`received - before.2`, ingress_ms: fragment`polled_ms - before.1` })}
    FROM (
      SELECT *, toUnixTimestamp64Milli(occurred_at) AS polled_ms, assumeNotNull(ingress_bytes) AS received,
        lagInFrame(tuple(polled_ms, received)) OVER (PARTITION BY stream_id, node_id ORDER BY occurred_at, event_id
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM ${rows('stream_samples', { from: earlier, to, stream_id })}
      WHERE cause = 'poll' AND ingress_bytes IS NOT NULL AND NOT ifNull(replicated, false)
    ) AS polls
    WHERE occurred_at >= fromUnixTimestamp64Milli(${whole(Date.parse(from))}) AND received >= before.2
      AND polled_ms - before.1 <= ${whole(POLLS_APART_SECONDS_MAX * 1000)}`
}

/** What starts of streams add: how long it took from ready to a full buffer. */
export function startupRows(reader: Reader, part: Part): Source {
  const { range, query } = part
  return reader.derive`
    SELECT ${bucketOf(query, fragment`occurred_at`)} AS at, stream_id, node_id, cluster_id, '' AS protocol,
      ${toColumns({ startups: fragment`1`, startup_ms: fragment`toUnixTimestamp64Milli(occurred_at) - before.2` })}
    FROM (
      SELECT *, lagInFrame(tuple(state, toUnixTimestamp64Milli(occurred_at))) OVER
        (PARTITION BY stream_id, node_id ORDER BY occurred_at, event_id
          ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
      FROM ${startChanges(reader, part)} AS changes
    ) AS started
    WHERE state = 'FULL' AND before.1 = 'ready' AND occurred_at >= fromUnixTimestamp64Milli(${whole(Date.parse(range.from))})`
}

/** Streams that were ready and not yet full, from when to when (Unix ms). */
export function readySpans(reader: Reader, part: Part): Source {
  const stop = whole(Date.parse(part.range.to))
  return reader.derive`
    SELECT stream_id, node_id, cluster_id, state, detail, since, greatest(since, ${whole(Date.parse(part.range.from))}) AS began, ended
    FROM (
      SELECT *, toUnixTimestamp64Milli(occurred_at) AS since, leadInFrame(since, 1, ${stop}) OVER
        (PARTITION BY stream_id, node_id ORDER BY occurred_at, event_id
          ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ended
      FROM ${startChanges(reader, part)} AS changes
    ) AS spans
    WHERE state = 'ready' AND ended > ${whole(Date.parse(part.range.from))}`
}

/** Each time that a stream was ready, and each change of its buffer. */
function startChanges(reader: Reader, { range, stream_id, before }: Part): Source {
  const wanted = { from: before.since, to: range.to, stream_id }
  const told = reader.derive`
    SELECT stream_id, node_id, cluster_id, event_id, occurred_at, state, '' AS detail
    FROM ${reader.rows('buffer_states', wanted)} AS buffer
    UNION ALL
    SELECT stream_id, node_id, cluster_id, event_id, occurred_at, 'ready', ''
    FROM ${reader.rows('stream_samples', wanted)} AS told WHERE cause = 'ready'`
  return withStates(reader, told, 'ready', before)
}
