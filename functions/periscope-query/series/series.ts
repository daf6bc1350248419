import { z } from 'zod'
import type { Bucket, SeriesInput } from '../../../shared/contract/series.ts'
import { lengthMs } from '../../../shared/contract/time-range.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Reader } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { column, type Fragment, fragment, type Source, text, texts, whole as wholeValue } from '../rows/source.ts'
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
  const { from, to, bucket, time_zone, by } = query
  const buckets = toBuckets(query, bucket)
  const range_ms = lengthMs({ from, to })
  const most = Math.max(buckets.length, query.groups)
  const sets = await readSets(reader, ['at', ...(by === undefined ? [] : [by])], most, source, measure)
  const found = by === undefined ? [] : (sets.get(by) ?? [])
  const groups = found.slice(0, query.groups)
  const spread =
    by === undefined || bucket === undefined || groups.length === 0
      ? new Map<string, never[]>()
      : await readSpread(reader, by, groups, source, measure)
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
    groups: groups.map(({ value, sums }) => ({
      value: value || null,
      ...measure.toFigures(sums, range_ms),
      points: pointsOf(spread.get(value) ?? []),
    })),
    groups_total: found[0]?.values_total ?? 0,
  }
}

interface Group<S extends z.ZodObject> {
  value: string
  sums: z.output<S>
  /** Values of this dimension that there are. */
  values_total: number
}

/**
 * The sums over all rows (under the empty name) and by each of some dimensions, the largest values first, in one reading of
 * the source.
 */
export async function readSets<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  dimensions: readonly string[],
  limit: number,
  source: Source,
  { sums, columns, rank }: Measure<S, F>,
): Promise<Map<string, Group<S>[]>> {
  const choose = (toValue: (name: string) => Fragment) =>
    dimensions.reduceRight(
      (others, name) => fragment`if(grouping(${column(name)}) = 0, ${toValue(name)}, ${others})`,
      fragment`''`,
    )
  const sets = dimensions.reduce((list, name) => fragment`${list}, (${column(name)})`, fragment`()`)
  const rows = await ask(z.object({ dimension: z.string(), value: z.string(), values_total: whole }).loose())`
    SELECT *, count() OVER (PARTITION BY dimension) AS values_total FROM (
      SELECT ${choose((name) => fragment`${text(name)}`)} AS dimension,
        ${choose((name) => fragment`toString(${column(name)})`)} AS value, ${columns}, ${rank} AS ranked
      FROM ${source} AS seen GROUP BY GROUPING SETS (${sets})
    ) AS summed
    ORDER BY ranked DESC, value LIMIT ${wholeValue(limit)} BY dimension`
  const groups = rows.map(({ dimension, value, values_total, ...rest }) => {
    return { dimension, value, values_total, sums: readSums(sums, rest) }
  })
  return Map.groupBy(groups, ({ dimension }) => dimension)
}

/** The sums of each bucket of some groups. */
async function readSpread<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  by: string,
  groups: readonly Group<S>[],
  source: Source,
  { sums, columns }: Measure<S, F>,
) {
  const values = texts(groups.map(({ value }) => value))
  const rows = await ask(z.object({ group: z.string(), value: z.string() }).loose())`
    SELECT ${column(by)} AS group, toString(at) AS value, ${columns} FROM ${source} AS seen
    WHERE has(${values}, group) GROUP BY group, at`
  const points = rows.map(({ group, value, ...rest }) => ({ group, value, sums: readSums(sums, rest) }))
  return Map.groupBy(points, ({ group }) => group)
}

function readSums<S extends z.ZodObject>(schema: S, row: unknown): z.output<S> {
  const sums = schema.safeParse(row)
  if (sums.success) return sums.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: sums.error })
}
