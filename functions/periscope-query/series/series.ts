import type { z } from 'zod'
import type { Bucket, SeriesInput } from '../../../shared/contract/series.ts'
import { lengthMs } from '../../../shared/contract/time-range.ts'
import type { Reader } from '../rows/reader.ts'
import type { Fragment, Source } from '../rows/source.ts'
import { type Added, type PartOfRows, readAddedSets } from './added.ts'
import { toBuckets } from './buckets.ts'
import { POINTS } from './grouped.ts'
import { readSets, type Sets } from './sets.ts'

/** What a caller sees of sums. */
export interface Figured<S extends z.ZodObject, F> {
  /** What they are in an answer. */
  sums: S
  /** The sums of no rows at all. */
  nothing: z.output<S>
  /** What the caller sees of the sums over so many ms. */
  toFigures: (sums: z.output<S>, span_ms: number) => F
}

/** Figures that are summed from rows: the same columns over any set of rows. */
export interface Measure<S extends z.ZodObject, F> extends Figured<S, F> {
  /** Aggregates with their names. */
  columns: Fragment
  /** Which of two groups is larger: made of the aggregates, and adds up over points. */
  rank: Fragment
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
  reader: Pick<Reader, 'ask' | 'derive'>,
  query: SeriesInput,
  source: Source,
  measure: Measure<S, F>,
): Promise<SeriesAnswer<F>> {
  const { tops: _, ...series } = await readSeriesAndTops(reader, query, source, measure, [])
  return series
}

/** The same, and the largest groups by each of some more dimensions, in one reading of the source. */
export async function readSeriesAndTops<S extends z.ZodObject, F extends object, D extends string>(
  reader: Pick<Reader, 'ask' | 'derive'>,
  query: SeriesInput,
  source: Source,
  measure: Measure<S, F>,
  more: readonly D[],
): Promise<SeriesAnswer<F> & { tops: Record<D, ({ value: string | null } & F)[]> }> {
  const { bucket, by } = query
  const most = Math.max(toBuckets(query, bucket).length, query.groups)
  const grouping = { dimensions: dimensionsOf(query, more), spread: bucket === undefined ? undefined : by }
  const sets = await readSets(reader, grouping, { values: most, groups: query.groups }, source, measure)
  return toAnswer(query, sets, measure, more)
}

/** The same from parts of the rows, whose sums add up: each is asked by itself, which ClickHouse plans in far less time than all at once. */
export async function readAddedSeries<S extends z.ZodObject, F extends object>(
  reader: Pick<Reader, 'ask' | 'derive'>,
  query: SeriesInput,
  parts: readonly PartOfRows[],
  measure: Added<S, F>,
): Promise<SeriesAnswer<F>> {
  const sets = await readAddedSets(reader, query, dimensionsOf(query, []), parts, measure)
  const { tops: _, ...series } = toAnswer(query, sets, measure, [])
  return series
}

/** What a row of an answer may be of: buckets, the groups that are asked for, and more. */
function dimensionsOf({ bucket, by }: SeriesInput, more: readonly string[]): string[] {
  return [...(bucket === undefined ? [] : ['at']), ...(by === undefined ? [] : [by]), ...more]
}

function toAnswer<S extends z.ZodObject, F extends object, D extends string>(
  query: SeriesInput,
  sets: Sets<S>,
  measure: Figured<S, F>,
  more: readonly D[],
): SeriesAnswer<F> & { tops: Record<D, ({ value: string | null } & F)[]> } {
  const { from, to, bucket, time_zone, by } = query
  const buckets = toBuckets(query, bucket)
  const range_ms = lengthMs({ from, to })
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
