import { z } from 'zod'
import type { Bucket, SeriesInput } from '../../../shared/contract/series.ts'
import type { Reader } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { column, type Fragment, fragment, type Source, texts, whole as wholeValue } from '../rows/source.ts'
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

interface Group {
  value: string
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
  { ask }: Pick<Reader, 'ask'>,
  query: SeriesInput,
  source: Source,
  measure: Measure<S, F>,
): Promise<SeriesAnswer<F>> {
  const { from, to, bucket, time_zone, by } = query
  const buckets = toBuckets(query, bucket)
  const read = measure.sums.extend({ at: z.coerce.number(), over_all: whole })
  const [overall, groups, groups_total] = await Promise.all([
    ask(read)`
      SELECT at, grouping(at) AS over_all, ${measure.columns} FROM ${source} AS seen
      GROUP BY GROUPING SETS ((), (at)) ORDER BY at`,
    by === undefined ? [] : readGroups({ ask }, by, query.groups, source, measure),
    by === undefined ? 0 : countGroups({ ask }, by, source),
  ])
  const spread =
    by === undefined || bucket === undefined || groups.length === 0
      ? new Map<string, never[]>()
      : await readSpread({ ask }, by, groups, source, measure)
  const range_ms = Date.parse(to) - Date.parse(from)
  const pointsOf = (rows: readonly ({ at: number } & z.output<S>)[]) => {
    if (bucket === undefined) return []
    const byStart = new Map(rows.map((row) => [row.at, row]))
    return buckets.map((start, index) => {
      const end = buckets[index + 1] ?? Date.parse(to)
      const figures = measure.toFigures(byStart.get(start) ?? measure.nothing, end - start)
      return { at: new Date(start).toISOString(), ...figures }
    })
  }
  const rows = overall as (z.output<S> & { at: number; over_all: number })[]
  return {
    ...{ from, to, bucket: bucket ?? null, time_zone, by: by ?? null },
    total: measure.toFigures(rows.find(({ over_all }) => over_all === 1) ?? measure.nothing, range_ms),
    points: pointsOf(rows.filter(({ over_all }) => over_all === 0)),
    groups: groups.map((group) => ({
      value: group.value === '' ? null : group.value,
      ...measure.toFigures(group, range_ms),
      points: pointsOf(spread.get(group.value) ?? []),
    })),
    groups_total,
  }
}

/** The sums of the largest groups. */
export async function readGroups<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  by: string,
  limit: number,
  source: Source,
  { sums, columns, rank }: Measure<S, F>,
) {
  const rows = await ask(sums.extend({ value: z.string() }))`
    SELECT ${column(by)} AS value, ${columns} FROM ${source} AS seen
    GROUP BY value ORDER BY ${rank} DESC, value LIMIT ${wholeValue(limit)}`
  return rows as (z.output<S> & Group)[]
}

async function countGroups({ ask }: Pick<Reader, 'ask'>, by: string, source: Source): Promise<number> {
  const [row] = await ask(z.object({ groups: whole }))`SELECT uniqExact(${column(by)}) AS groups FROM ${source} AS seen`
  return row?.groups ?? 0
}

/** The sums of each bucket of the groups. */
async function readSpread<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  by: string,
  groups: readonly Group[],
  source: Source,
  { sums, columns }: Measure<S, F>,
) {
  const values = texts(groups.map(({ value }) => value))
  const rows = await ask(sums.extend({ value: z.string(), at: z.coerce.number() }))`
    SELECT ${column(by)} AS value, at, ${columns} FROM ${source} AS seen
    WHERE ${fragment`has(${values}, value)`} GROUP BY value, at`
  return Map.groupBy(rows as (z.output<S> & Group & { at: number })[], ({ value }) => value)
}
