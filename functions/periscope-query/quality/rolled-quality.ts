import { bucketMs, type SeriesInput } from '../../../shared/contract/series.ts'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import { beforeOf, rolledRows } from '../rollups/rolled.ts'
import { HOUR_MS, splitAt } from '../rollups/split.ts'
import type { Reader } from '../rows/reader.ts'
import { fragment, text, whole } from '../rows/source.ts'
import { union } from '../rows/union.ts'
import type { PartOfRows } from '../series/added.ts'
import { bucketOf } from '../series/bucket-of.ts'
import { ingressSums } from './ingress-rows.ts'
import type { Part } from './part.ts'
import { lastingStates, stateSums } from './state-rows.ts'
import { aggregatesOf, allColumns, sumNames } from './sums.ts'
import { viewerSums } from './viewer-rows.ts'

/** What is rolled up is summed by so much: hours and days of every time zone begin at full quarters. */
const GRAIN = '15m'

/** What quality is summed from, by where it comes from: of what is rolled up, until a moment (Unix ms), from there, of the rest from events. */
export function qualityRows(
  reader: Reader,
  query: SeriesInput,
  { stream_id, now, until }: Pick<Part, 'stream_id' | 'now'> & { until: number },
): PartOfRows[] {
  const fine = query.bucket !== undefined && bucketMs[query.bucket] < bucketMs[GRAIN]
  const { rolled, raw } = splitAt(query, fine ? 0 : until)
  const parts = raw.map((range) => {
    return { range, query, stream_id, now, before: beforeOf(reader, range, until, stream_id) }
  })
  const seen = parts.flatMap((part) =>
    fromEvents.map(({ rows, sums }) => ({
      source: rows(reader, part),
      columns: aggregatesOf(sums),
      few: rolled !== undefined,
    })),
  )
  if (rolled === undefined) return seen
  const kept = reader.derive`
    SELECT ${bucketOf(query, fragment`fromUnixTimestamp64Milli(quarter_ms)`)} AS at, stream_id, node_id, cluster_id, protocol,
      ${allColumns(sumNames)}
    FROM ${rolledRows(reader, 'rolled_quality', rolled, stream_id)} AS summed`
  return [{ source: kept, columns: aggregatesOf(sumNames), few: false }, ...seen]
}

const fromEvents = [viewerSums, stateSums, ingressSums]

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
        stream_id, node_id, cluster_id, protocol, ${aggregatesOf(sumNames)}
      FROM ${union(
        reader,
        fromEvents.map(({ rows, sums }) => {
          return derive`SELECT at, stream_id, node_id, cluster_id, protocol, ${allColumns(sums)} FROM ${rows(reader, part)} AS own`
        }),
      )} AS seen GROUP BY at, stream_id, node_id, cluster_id, protocol`,
  )
  const hour_ms = whole(HOUR_MS)
  const edges = fragment`range(intDiv(began, ${hour_ms}) * ${hour_ms}, intDiv(ended, ${hour_ms}) * ${hour_ms}, ${hour_ms})`
  await keep(
    'rolled_states',
    stateColumns,
    derive`
      SELECT ${text(tenant_id)}, toDateTime(intDiv(arrayJoin(${edges}), 1000), 'UTC'), ${kept}, kind, stream_id, node_id, cluster_id, since,
        state, detail
      FROM ${lastingStates(reader, part)} AS lasted`,
  )
}
