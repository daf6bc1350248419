import { STATE_DAYS_MAX } from '../rows/lasting.ts'
import { noEvent } from '../rows/no-event.ts'
import type { Reader } from '../rows/reader.ts'
import { fragment, type Source, whole } from '../rows/source.ts'
import { untilNow } from '../rows/until-now.ts'
import { spread } from '../series/spread.ts'
import { type Part, summedRows } from './part.ts'

/**
 * What streams do on hosts, of two kinds: `buffer`, the state of the buffer (`detail` is the frame rate in it, an empty state
 * that it has none), and `ready`, how a stream gets from ready to its first full buffer. Both in one reading, which is planned once.
 */
function changesOf({ rows, derive }: Reader, { range, stream_id, before: { since, states } }: Part): Source {
  const wanted = { from: since, to: range.to, stream_id }
  const columns = fragment`stream_id, node_id, cluster_id, event_id, occurred_at`
  const told = derive`
    SELECT ${columns}, arrayJoin(['buffer', 'ready']) AS kind, if(kind = 'buffer' AND buffer.state = 'EMPTY', '', buffer.state) AS state,
      if(kind = 'buffer', toString(arrayMax(arrayPushBack(arrayMap(track -> JSONExtractFloat(track, 'fps'),
        arrayFilter(track -> JSONExtractString(track, 'kind') = 'video', JSONExtractArrayRaw(tracks))), 0))), '') AS detail
    FROM ${rows('buffer_states', wanted)} AS buffer
    UNION ALL
    SELECT ${columns}, if(cause = 'ready', 'ready', 'buffer'), if(cause = 'ready', 'ready', ''), ''
    FROM ${rows('stream_samples', wanted)} AS polled WHERE cause IN ('ready', 'unload')
    UNION ALL
    SELECT ${columns}, 'buffer', '', '' FROM ${rows('final_runs', wanted)} AS runs WHERE provenance = 'reconciled'`
  if (states === undefined) return told
  return derive`
    SELECT ${columns}, kind, state, detail FROM ${told} AS told
    UNION ALL
    SELECT stream_id, node_id, cluster_id, ${noEvent},
      fromUnixTimestamp64Milli(since_ms, 'UTC'), kind, state, detail
    FROM ${states} AS lasted`
}

/** Each change with when it was (`since`), the one before it (`last`: state and time), and when the next one was (`next`), in Unix ms. */
function spansOf(reader: Reader, part: Part): Source {
  return reader.derive`
    SELECT stream_id, node_id, cluster_id, kind, state, detail, toUnixTimestamp64Milli(occurred_at) AS since,
      lagInFrame(tuple(state, since)) OVER host AS last, leadInFrame(since, 1, ${stopOf(part)}) OVER host AS next
    FROM ${changesOf(reader, part)} AS changes
    WINDOW host AS (PARTITION BY stream_id, node_id, kind ORDER BY occurred_at, event_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`
}

const startOf = ({ range }: Part) => whole(Date.parse(range.from))
const stopOf = ({ range, now }: Part) => untilNow(range, now)
const endOf = (part: Part) => fragment`least(next, since + ${whole(STATE_DAYS_MAX * 86_400_000)}, ${stopOf(part)})`

/** What states of streams add: how long each state of a buffer lasted, the frame rate in it, and how long it took from ready to full. */
export const stateSums = summedRows(
  {
    full_ms: fragment`if(state = 'FULL', ended - began, 0)`,
    dry_ms: fragment`if(state = 'DRY', ended - began, 0)`,
    recover_ms: fragment`if(state = 'RECOVER', ended - began, 0)`,
    rebuffers: fragment`state = 'DRY' AND since = began`,
    frames_ms: fragment`toFloat64OrZero(detail) * (ended - began)`,
    fps_ms: fragment`if(toFloat64OrZero(detail) > 0, ended - began, 0)`,
    startups: fragment`kind = 'ready'`,
    startup_ms: fragment`if(kind = 'ready', since - last.2, 0)`,
  },
  (reader, part, columns) => {
    // A start lasts no time: it is where it ends, at the full buffer.
    const counted = reader.derive`
      SELECT *, if(kind = 'buffer', greatest(since, ${startOf(part)}), since) AS began, if(kind = 'buffer', ${endOf(part)}, since) AS ended
      FROM ${spansOf(reader, part)} AS spans
      WHERE if(kind = 'buffer', state != '' AND since < ${stopOf(part)} AND ended > ${startOf(part)},
        state = 'FULL' AND last.1 = 'ready' AND since >= ${startOf(part)})`
    return reader.derive`
      SELECT at, stream_id, node_id, cluster_id, '' AS protocol, ${columns}
      FROM ${spread(reader, part.query, counted)} AS parted`
  },
)

/** The states that lasted within a range, from when to when (Unix ms): of buffers, and of streams that were ready and not yet full. */
export function lastingStates(reader: Reader, part: Part): Source {
  return reader.derive`
    SELECT stream_id, node_id, cluster_id, kind, state, detail, since, greatest(since, ${startOf(part)}) AS began, ${endOf(part)} AS ended
    FROM ${spansOf(reader, part)} AS spans
    WHERE if(kind = 'buffer', state != '', state = 'ready') AND ended > ${startOf(part)}`
}
