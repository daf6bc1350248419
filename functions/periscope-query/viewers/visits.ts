import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Reader } from '../rows/reader.ts'
import { type Source, whole } from '../rows/source.ts'

/** How long an open session counts after it was last heard of: the interval of the client poll. */
export const HEARD_MS = 60_000

/**
 * When each session was open within a range, in Unix ms (`began`, `ended`), and of whom and where it was. A session that
 * has not ended is known by its arrival and by polls after its last end, and lasts until a little after it was last
 * heard of. A city is one of its country: `NL/Delft`.
 */
export function visitsOf({ rows, derive }: Pick<Reader, 'rows' | 'derive'>, range: TimeRange, now: Date): Source {
  const { from, to } = range
  const start = whole(Date.parse(from))
  const end = whole(Math.min(Date.parse(to), Math.max(Date.parse(from), now.getTime())))
  const heard = whole(HEARD_MS)
  const earlier = new Date(Date.parse(from) - HEARD_MS).toISOString()
  const finished = derive`
    SELECT stream_id, node_id, cluster_id, session_id, connector, country_code, city, h3_cell,
      toUnixTimestamp64Milli(occurred_at) AS ended_ms, ended_ms - toInt64(seconds) * 1000 AS began_ms
    FROM ${rows('final_sessions', { from: earlier })}`
  const evidence = derive`
    SELECT stream_id, node_id, cluster_id, session_id, connector, country_code, city, h3_cell,
      toUnixTimestamp64Milli(occurred_at) AS heard_ms, heard_ms AS began_ms
    FROM ${rows('viewer_arrivals', { from: earlier, to })} WHERE action = 'connect'
    UNION ALL
    SELECT stream_id, node_id, cluster_id, session_id, connector, '', '', '',
      toUnixTimestamp64Milli(occurred_at) AS heard_ms, heard_ms - toInt64(connected_seconds) * 1000 AS began_ms
    FROM ${rows('client_samples', { from: earlier, to })} WHERE role = 'viewer'`
  const open = derive`
    SELECT max(stream_id) AS stream_id, node_id, max(cluster_id) AS cluster_id, session_id, max(connector) AS connector,
      max(country_code) AS country_code, max(city) AS city, max(h3_cell) AS h3_cell,
      max(heard_ms) + ${heard} AS ended_ms, min(began_ms) AS began_ms
    FROM ${evidence} AS evidence
    LEFT JOIN (SELECT node_id, session_id, max(ended_ms) AS last_ms FROM ${finished} GROUP BY node_id, session_id) AS ends
      USING (node_id, session_id)
    WHERE heard_ms > last_ms
    GROUP BY node_id, session_id`
  return derive`
    SELECT stream_id, node_id, cluster_id, session_id, connector AS protocol, country_code,
      if(visits.city = '', '', concat(country_code, '/', visits.city)) AS city, h3_cell AS cell,
      greatest(began_ms, ${start}) AS began, least(ended_ms, ${end}) AS ended
    FROM (SELECT * FROM ${finished} UNION ALL SELECT * FROM ${open}) AS visits
    WHERE began_ms < ${end} AND ended_ms > ${start}`
}
