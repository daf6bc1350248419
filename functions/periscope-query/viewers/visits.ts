import type { TimeRange } from '../../../shared/contract/time-range.ts'
import { rolledRows } from '../rollups/rolled.ts'
import { HOUR_MS, splitAt } from '../rollups/split.ts'
import { noEvent } from '../rows/no-event.ts'
import type { Reader } from '../rows/reader.ts'
import { fragment, type Source, text, whole } from '../rows/source.ts'
import { union } from '../rows/union.ts'
import { untilNow } from '../rows/until-now.ts'

/** How long an open session counts after it was last heard of: the interval of the client poll. */
export const HEARD_MS = 60_000

/**
 * When each session was open within a range, in Unix ms (`began`, `ended`), and of whom and where it was. A session that
 * has not ended is known by its arrival and by polls after its last end, and lasts until a little after it was last
 * heard of. A city is one of its country: `NL/Delft`. Everything is rolled up until a moment (Unix ms).
 */
export function visitsOf(reader: Reader, range: TimeRange, now: Date, until: number): Source {
  const { derive } = reader
  const start = whole(Date.parse(range.from))
  const end = untilNow(range, now)
  const told = toldOf(reader, range, until)
  return derive`
    SELECT max(stream_id) AS stream_id, node_id, max(cluster_id) AS cluster_id, session_id,
      reinterpretAsUInt128(sipHash128(session_id)) AS session_hash, max(connector) AS protocol,
      max(country_code) AS country_code, max(place) AS city, max(h3_cell) AS cell,
      greatest(min(began_ms), ${start}) AS began, least(max(gone_ms), ${end}) AS ended
    FROM ${withEnds(reader, told)} AS visits
    WHERE ${counts}
    GROUP BY node_id, session_id, finished, event_id
    HAVING min(began_ms) < ${end} AND max(gone_ms) > ${start}`
}

/** Later than any end. */
const LAST = '2299-12-31T00:00:00.000Z'
const toldColumns = fragment`finished, event_id, stream_id, node_id, cluster_id, session_id, connector, country_code, city, h3_cell, began_ms, last_ms`
/** An end, or what was heard of a session after its last end: of rows `withEnds`. */
const counts = fragment`(finished OR last_ms > end_ms)`

/** What was told, beside when its session last ended. */
function withEnds({ derive }: Reader, told: Source): Source {
  return derive`
    SELECT *, if(city = '', '', concat(country_code, '/', city)) AS place, if(finished, last_ms, last_ms + ${whole(HEARD_MS)}) AS gone_ms,
      maxIf(last_ms, finished) OVER (PARTITION BY node_id, session_id) AS end_ms
    FROM ${told} AS told`
}

/** Ends (`finished`) since a range began, and what was heard until it ended, from what is rolled up and from the events. */
function toldOf(reader: Reader, { from, to }: TimeRange, until: number): Source {
  const { derive } = reader
  // Whole hours, as these are rolled up; what was heard before the range changes nothing in it.
  const earlier = new Date(Math.floor((Date.parse(from) - HEARD_MS) / HOUR_MS) * HOUR_MS).toISOString()
  const ends = splitAt({ from: earlier, to: LAST }, until)
  const heard = splitAt({ from: earlier, to }, until)
  const seen = seenOf(reader, ends.raw, heard.raw)
  if (ends.rolled === undefined) return union(reader, seen)
  const heardUntil = whole(Date.parse(heard.rolled?.to ?? earlier))
  const kept = derive`
    SELECT ${toldColumns} FROM ${rolledRows(reader, 'rolled_visits', ends.rolled)} AS kept
    WHERE finished OR hour < fromUnixTimestamp64Milli(${heardUntil})`
  return union(reader, [kept, ...seen])
}

/** Ends, and what was heard, within some times, from events. */
function seenOf(reader: Reader, ends: readonly TimeRange[], heard: readonly TimeRange[]): Source[] {
  const { derive } = reader
  return [
    ...ends.map((part) => derive`SELECT ${toldColumns} FROM ${endsOf(reader, part)} AS ended`),
    ...heard.map((part) => derive`SELECT ${toldColumns} FROM ${heardOf(reader, part)} AS heard`),
  ]
}

/** Each end of a session; `last_ms` is when it was. */
function endsOf({ rows, derive }: Reader, range: TimeRange): Source {
  return derive`
    SELECT *, true AS finished, toUnixTimestamp64Milli(occurred_at) AS last_ms, last_ms - toInt64(seconds) * 1000 AS began_ms
    FROM ${rows('final_sessions', range)} AS ended`
}

/** Each time that a session was heard of before it ended; `last_ms` is when. */
function heardOf({ rows, derive }: Reader, range: TimeRange): Source {
  return derive`
    SELECT false AS finished, ${noEvent} AS event_id, stream_id, node_id, cluster_id, session_id, connector, country_code, city, h3_cell,
      toUnixTimestamp64Milli(occurred_at) AS last_ms, last_ms AS began_ms
    FROM ${rows('viewer_arrivals', range)} AS arrived WHERE action = 'connect'
    UNION ALL
    SELECT false, ${noEvent}, stream_id, node_id, cluster_id, session_id, connector, '', '', '',
      toUnixTimestamp64Milli(occurred_at) AS last_ms, last_ms - toInt64(connected_seconds) * 1000 AS began_ms
    FROM ${rows('client_samples', range)} AS polled WHERE role = 'viewer'`
}

const keptColumns = [
  ...['tenant_id', 'hour', 'version', 'finished', 'event_id', 'stream_id', 'node_id', 'cluster_id', 'session_id'],
  ...['connector', 'country_code', 'city', 'h3_cell', 'began_ms', 'last_ms'],
]

/**
 * Works out whole hours, as rows of a version (Unix ms). Of what was heard of a session that has no later end yet, only the
 * newest and the earliest of each hour matter.
 */
export async function rollUpVisits(reader: Reader, range: TimeRange, version: number): Promise<void> {
  const { derive } = reader
  const hour = fragment`toStartOfHour(fromUnixTimestamp64Milli(last_ms, 'UTC'))`
  const kept = fragment`fromUnixTimestamp64Milli(${whole(version)}, 'UTC')`
  const told = union(reader, seenOf(reader, [{ from: range.from, to: LAST }], [range]))
  await reader.keep(
    'rolled_visits',
    keptColumns,
    derive`
      SELECT ${text(reader.tenant_id)}, ${hour} AS at, ${kept}, finished, event_id, max(stream_id), node_id, max(cluster_id), session_id,
        max(connector), max(country_code), max(city), max(h3_cell), min(began_ms), max(visits.last_ms)
      FROM ${withEnds(reader, told)} AS visits
      WHERE ${counts} AND last_ms < ${whole(Date.parse(range.to))}
      GROUP BY node_id, session_id, finished, event_id, at`,
  )
}
