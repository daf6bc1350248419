import { z } from 'zod'
import { Fault } from '../../../shared/fault.ts'
import type { Reader } from '../rows/reader.ts'
import { column, type Fragment, fragment, listOf, type Source } from '../rows/source.ts'

/** Under which the sums of each bucket of each group are. */
export const POINTS = 'points'

/** The sums of the rows that have one value of a dimension. */
export interface Sums<S extends z.ZodObject> {
  /** Empty: all rows. `POINTS`: a bucket of a group. */
  dimension: string
  value: string
  /** Of a point: which group it is of. */
  group: string
  sums: z.output<S>
}

/** What rows are put together by. */
export interface Grouping {
  dimensions: readonly string[]
  /** The dimension whose groups are wanted bucket by bucket. */
  spread: string | undefined
}

export const GroupedRow = z.object({ level: z.coerce.number() }).loose()

/**
 * Aggregates over all rows, by each of some dimensions, and over the buckets of each group of one of them, in one reading.
 * `level` says which dimensions a row is of, see `levelOf`; the others are empty in it. ClickHouse looks through all of the
 * source for each expression beside GROUP BY, so there is none that is not needed.
 */
export function groupedBy(
  { derive }: Pick<Reader, 'derive'>,
  { dimensions, spread }: Grouping,
  source: Source,
  columns: Fragment,
): Source {
  const names = dimensions.map(column)
  const single = [fragment`()`, ...names.map((name) => fragment`(${name})`)]
  const sets = listOf(spread === undefined ? single : [...single, fragment`(${column(spread)}, at)`])
  const level = names.length === 0 ? fragment`0 AS level` : fragment`grouping(${listOf(names)}) AS level`
  return derive`SELECT ${listOf([level, ...names, columns])} FROM ${source} AS seen GROUP BY GROUPING SETS (${sets})`
}

/** How `grouping` tells of which dimensions a row is: a bit for each that it is not of, the last one lowest. */
export function levelOf(dimensions: readonly string[], own: readonly string[]): number {
  return dimensions.reduce((level, name) => level * 2 + Number(!own.includes(name)), 0)
}

/** What a row of `groupedBy` says. */
export function readGrouped<S extends z.ZodObject>(
  { dimensions, spread }: Grouping,
  schema: S,
  row: z.output<typeof GroupedRow>,
): Sums<S> {
  const sums = readSums(schema, row)
  const toValue = (name: string) => String(row[name])
  if (spread !== undefined && row.level === levelOf(dimensions, [spread, 'at'])) {
    return { dimension: POINTS, value: toValue('at'), group: toValue(spread), sums }
  }
  const dimension = dimensions.find((name) => row.level === levelOf(dimensions, [name]))
  if (dimension === undefined) return { dimension: '', value: '', group: '', sums }
  return { dimension, value: toValue(dimension), group: '', sums }
}

export function readSums<S extends z.ZodObject>(schema: S, row: unknown): z.output<S> {
  const sums = schema.safeParse(row)
  if (sums.success) return sums.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: sums.error })
}
