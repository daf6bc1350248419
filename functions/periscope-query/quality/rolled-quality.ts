import { bucketMs, type SeriesInput } from '../../../shared/contract/series.ts'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import { beforeOf, readRolledUntil, rolledRows } from '../rollups/rolled.ts'
import { HOUR_MS, splitAt } from '../rollups/split.ts'
import type { Reader } from '../rows/reader.ts'
import { column, fragment, type Source, text, whole } from '../rows/source.ts'
import { union } from '../rows/union.ts'
import { bucketOf } from '../series/bucket-of.ts'
import type { Part } from './part.ts'
import { bufferRows, bufferSpans, ingressRows, readySpans, startupRows } from './stream-rows.ts'
import { aggregates, sumNames, toColumns } from './sums.ts'
import { viewerRows } from './viewer-rows.ts'

/** What is rolled up is summed by so much: hours and days of every time zone begin at full quarters. */
const GRAIN = '15m'

/** What quality is summed from, of as much as is rolled up from there, and of the rest event by event. */
export async function qualityRows(reader: Reader, query: SeriesInput, stream_id: string | undefined, now: Date) {
  const fine = query.bucket !== undefined && bucketMs[query.bucket] < bucketMs[GRAIN]
  const until = await readRolledUntil(reader, now)
  const { rolled, raw } = splitAt(query, fine ? 0 : until)
  const seen = raw.flatMap((range) => {
    return eventRows(reader, { range, query, stream_id, now, before: beforeOf(reader, range, until, stream_id) })
  })
  if (rolled === undefined) return union(reader, seen)
  const kept = reader.derive`
    SELECT ${bucketOf(query, fragment`fromUnixTimestamp64Milli(quarter_ms)`)} AS at, stream_id, node_id, cluster_id, protocol,
      ${toColumns(Object.fromEntries(sumNames.map((name) => [name, column(name)])))}
    FROM ${rolledRows(reader, 'rolled_quality', rolled, stream_id)} AS summed`
  return union(reader, [kept, ...seen])
}

function eventRows(reader: Reader, part: Part): Source[] {
  return [viewerRows, bufferRows, ingressRows, startupRows].map((rows) => rows(reader, part))
}

const columns = [
  'tenant_id',
  'hour',
  'version',
  'quarter_ms',
  'stream_id',
  'node_id',
  'cluster_id',
  'protocol',
  ...sumNames,
]

const stateColumns = [
  'tenant_id',
  'hour',
  'version',
  'kind',
  'stream_id',
  'node_id',
  'cluster_id',
  'since_ms',
  'state',
  'detail',
]

/** Sums up whole hours, as rows of a version (Unix ms), where everything is rolled up until another moment (Unix ms). */
export async function rollUpQuality(reader: Reader, range: TimeRange, version: number, until: number): Promise<void> {
  const { derive, keep, tenant_id } = reader
  const query = { ...range, bucket: GRAIN, time_zone: 'UTC', groups: 1, format: 'json' } as const
  const before = beforeOf(reader, range, until)
  const part = { range, query, stream_id: undefined, now: new Date(range.to), before }
  const kept = fragment`fromUnixTimestamp64Milli(${whole(version)}, 'UTC')`
  await keep(
    'rolled_quality',
    columns,
    derive`
      SELECT ${text(tenant_id)}, toStartOfHour(fromUnixTimestamp64Milli(toInt64(at), 'UTC')), ${kept}, at,
        stream_id, node_id, cluster_id, protocol, ${aggregates}
      FROM ${union(reader, eventRows(reader, part))} AS seen GROUP BY at, stream_id, node_id, cluster_id, protocol`,
  )
  const hour_ms = whole(HOUR_MS)
  const edges = fragment`range(intDiv(began, ${hour_ms}) * ${hour_ms}, intDiv(ended, ${hour_ms}) * ${hour_ms}, ${hour_ms})`
  const lasted = (kind: string, spans: Source) => derive`
    SELECT ${text(tenant_id)}, toDateTime(intDiv(arrayJoin(${edges}), 1000), 'UTC'), ${kept}, ${text(kind)}, stream_id, node_id, cluster_id, since,
      state, detail
    FROM ${spans} AS spans`
  await keep(
    'rolled_states',
    stateColumns,
    union(reader, [lasted('buffer', bufferSpans(reader, part)), lasted('ready', readySpans(reader, part))]),
  )
}
