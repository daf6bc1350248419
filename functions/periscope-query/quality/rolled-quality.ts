import { bucketMs, type SeriesInput } from '../../../shared/contract/series.ts'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import { readRolledUntil, rolledRows } from '../rollups/rolled.ts'
import { splitAt } from '../rollups/split.ts'
import type { Reader } from '../rows/reader.ts'
import { column, fragment, type Source, text, whole } from '../rows/source.ts'
import { union } from '../rows/union.ts'
import { bucketOf } from '../series/bucket-of.ts'
import type { Part } from './part.ts'
import { bufferRows, ingressRows, startupRows } from './stream-rows.ts'
import { aggregates, sumNames, toColumns } from './sums.ts'
import { viewerRows } from './viewer-rows.ts'

/** What is rolled up is summed by so much: hours and days of every time zone begin at full quarters. */
const GRAIN = '15m'

/** What quality is summed from, of as much as is rolled up from there, and of the rest event by event. */
export async function qualityRows(reader: Reader, query: SeriesInput, stream_id: string | undefined, now: Date) {
  const fine = query.bucket !== undefined && bucketMs[query.bucket] < bucketMs[GRAIN]
  const { rolled, raw } = splitAt(query, fine ? 0 : await readRolledUntil(reader, now))
  const seen = raw.flatMap((range) => eventRows(reader, { range, query, stream_id, now }))
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

/** Sums up whole hours, as rows of a version (Unix ms). */
export async function rollUpQuality(reader: Reader, range: TimeRange, version: number, now: Date): Promise<void> {
  const query = { ...range, bucket: GRAIN, time_zone: 'UTC', groups: 1, format: 'json' } as const
  const rows = union(reader, eventRows(reader, { range, query, stream_id: undefined, now }))
  await reader.keep(
    'rolled_quality',
    columns,
    reader.derive`
      SELECT ${text(reader.tenant_id)}, toStartOfHour(fromUnixTimestamp64Milli(toInt64(at), 'UTC')), fromUnixTimestamp64Milli(${whole(version)}, 'UTC'), at,
        stream_id, node_id, cluster_id, protocol, ${aggregates}
      FROM ${rows} AS seen GROUP BY at, stream_id, node_id, cluster_id, protocol`,
  )
}
