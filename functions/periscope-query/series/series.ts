import { z } from 'zod'
import type { Bucket, SeriesInput } from '../../../shared/contract/series.ts'
import { lengthMs } from '../../../shared/contract/time-range.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Reader } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { column, type Fragment, fragment, type Source, text, whole as wholeValue } from '../rows/source.ts'
import { toBuckets } from './buckets.ts'

/** Figures that are summed from rows: the same columns over any set of rows, and what a caller sees of them. */
export interface Measure<S extends z.ZodObject, F> {
  /** Aggregates with their names. */
  columns: Fragment
  /** What they are in an answer. */
  sums: S
  /** The sums of no rows at all. */
  nothing: z.output<S>
  /** Which of two groups is larger. */
  rank: Fragment
  /** What the caller sees of the sums over so many ms. */
  toFigures: (sums: z.output<S>, span_ms: number) => F
}

interface SeriesAnswer<F> {
  from: string
  to: string
  bucket: Bucket | null
  time_zone: string
  by: string | null
  total: F
  points: ({ at: string } & F)[]
  groups: ({ value: string | null; points: ({ at: string } & F)[] } & F)[]
  groups_total: number
}

/**
 * Figures over a range, over its buckets, and by group. `source` has a column `at` with the start of the bucket of each
 * row, in Unix ms, and one for each dimension.
 */
export async function readSeries<S extends z.ZodObject, F extends object>(
  reader: Pick<Reader, 'ask'>,
  query: SeriesInput,
  source: Source,
  measure: Measure<S, F>,
): Promise<SeriesAnswer<F>> {
  const { tops: _, ...series } = await readSeriesAndTops(reader, query, source, measure, [])
  return series
}

/** The same, and the largest groups by each of some more dimensions, in one reading of the source. */
export async function readSeriesAndTops<S extends z.ZodObject, F extends object, D extends string>(
  reader: Pick<Reader, 'ask'>,
  query: SeriesInput,
  source: Source,
  measure: Measure<S, F>,
  more: readonly D[],
): Promise<SeriesAnswer<F> & { tops: Record<D, ({ value: string | null } & F)[]> }> {
  const { from, to, bucket, time_zone, by } = query
  const buckets = toBuckets(query, bucket)
  const range_ms = lengthMs({ from, to })
  const dimensions = [...(bucket === undefined ? [] : ['at']), ...(by === undefined ? [] : [by]), ...more]
  const sets = await readSets(reader, dimensions, Math.max(buckets.length, query.groups), source, measure, {
    by: bucket === undefined ? undefined : by,
    groups: query.groups,
  })
  const found = by === undefined ? [] : (sets.get(by) ?? [])
  const groups = found.slice(0, query.groups)
  const spread = Map.groupBy(sets.get(POINTS) ?? [], ({ group }) => group)
  const toGroup = ({ value, sums }: { value: string; sums: z.output<S> }) => {
    return { value: value || null, ...measure.toFigures(sums, range_ms) }
  }
  const pointsOf = (rows: readonly { value: string; sums: z.output<S> }[]) => {
    if (bucket === undefined) return []
    const byStart = new Map(rows.map(({ value, sums }) => [Number(value), sums]))
    return buckets.map((start, index) => {
      const end = buckets[index + 1] ?? Date.parse(to)
      const figures = measure.toFigures(byStart.get(start) ?? measure.nothing, end - start)
      return { at: new Date(start).toISOString(), ...figures }
    })
  }
  return {
    ...{ from, to, bucket: bucket ?? null, time_zone, by: by ?? null },
    total: measure.toFigures(sets.get('')?.[0]?.sums ?? measure.nothing, range_ms),
    points: pointsOf(sets.get('at') ?? []),
    groups: groups.map((group) => ({ ...toGroup(group), points: pointsOf(spread.get(group.value) ?? []) })),
    groups_total: found[0]?.values_total ?? 0,
    tops: Object.fromEntries(
      more.map((name) => [name, (sets.get(name) ?? []).slice(0, query.groups).map(toGroup)]),
    ) as Record<D, ({ value: string | null } & F)[]>,
  }
}

/** Under which the sums of each bucket of each group are. */
const POINTS = 'points'

interface Group<S extends z.ZodObject> {
  value: string
  /** Of a point: which group it is of. */
  group: string
  sums: z.output<S>
  /** Values of this dimension that there are. */
  values_total: number
}

const Row = z.object({ dimension: z.string(), value: z.string(), group: z.string(), values_total: whole }).loose()

/**
 * The sums over all rows (under the empty name), by each of some dimensions, the largest values first, and over the buckets of
 * the largest groups of one of them, in one reading of the source. Ranks add up, so that points tell how large their group is.
 */
async function readSets<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  dimensions: readonly string[],
  limit: number,
  source: Source,
  { sums, columns, rank }: Measure<S, F>,
  points: { by: string | undefined; groups: number } = { by: undefined, groups: 0 },
): Promise<Map<string, Group<S>[]>> {
  const { by } = points
  const isPoint = by === undefined ? fragment`false` : fragment`grouping(at) = 0 AND grouping(${column(by)}) = 0`
  const choose = (toValue: (name: string) => Fragment, point: Fragment) =>
    fragment`if(${isPoint}, ${point}, ${dimensions.reduceRight(
      (others, name) => fragment`if(grouping(${column(name)}) = 0, ${toValue(name)}, ${others})`,
      fragment`''`,
    )})`
  const single = dimensions.reduce((list, name) => fragment`${list}, (${column(name)})`, fragment`()`)
  const sets = by === undefined ? single : fragment`${single}, (${column(by)}, at)`
  const group = by === undefined ? fragment`''` : fragment`if(${isPoint}, toString(${column(by)}), '')`
  const at = by === undefined ? fragment`''` : fragment`toString(at)`
  const rows = await ask(Row)`
    SELECT * EXCEPT place FROM (
      SELECT *, count() OVER (PARTITION BY dimension) AS values_total,
        dense_rank() OVER (PARTITION BY dimension ORDER BY size DESC, if(dimension = ${text(POINTS)}, summed.group, value)) AS place
      FROM (
        SELECT *, sum(ranked) OVER (PARTITION BY dimension, if(dimension = ${text(POINTS)}, each.group, value)) AS size FROM (
          SELECT ${choose((name) => fragment`${text(name)}`, fragment`${text(POINTS)}`)} AS dimension,
            ${choose((name) => fragment`toString(${column(name)})`, at)} AS value, ${group} AS group, ${columns}, ${rank} AS ranked
          FROM ${source} AS seen GROUP BY GROUPING SETS (${sets})
        ) AS each
      ) AS summed
    ) AS placed
    WHERE place <= if(dimension = ${text(POINTS)}, ${wholeValue(points.groups)}, ${wholeValue(limit)})
    ORDER BY dimension, place`
  const groups = rows.map(({ dimension, value, group, values_total, ...rest }) => {
    return { dimension, value, group, values_total, sums: readSums(sums, rest) }
  })
  return Map.groupBy(groups, ({ dimension }) => dimension)
}

function readSums<S extends z.ZodObject>(schema: S, row: unknown): z.output<S> {
  const sums = schema.safeParse(row)
  if (sums.success) return sums.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: sums.error })
}
