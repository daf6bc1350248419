import type { z } from 'zod'
import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { Reader } from '../rows/reader.ts'
import { column, type Fragment, fragment, listOf, type Source, texts } from '../rows/source.ts'
import { GroupedRow, type Grouping, groupedBy, POINTS, readGrouped, type Sums } from './grouped.ts'
import type { Figured } from './series.ts'
import type { Sets } from './sets.ts'

/** Figures whose sums add up over parts of the rows. */
export interface Added<S extends z.ZodObject, F> extends Figured<S, F> {
  /** Which of two groups is larger. */
  sizeOf(sums: z.output<S>): number
}

/** Some of the rows, and whether they are so few that the buckets of all groups may be asked for at once. */
export interface PartOfRows {
  source: Source
  /** Aggregates with their names; the sums that they leave out are of none of these rows. */
  columns: Fragment
  few: boolean
}

/** The sums over all rows of all sources, by each of some dimensions, and over the buckets of the largest groups. */
export async function readAddedSets<S extends z.ZodObject, F>(
  reader: Pick<Reader, 'ask' | 'derive'>,
  { by, bucket, groups }: SeriesInput,
  dimensions: readonly string[],
  parts: readonly PartOfRows[],
  measure: Added<S, F>,
): Promise<Sets<S>> {
  const spread = bucket === undefined ? undefined : by
  const isMany = ({ few }: PartOfRows) => !few && spread !== undefined
  const grouping = { dimensions, spread }
  const found = await Promise.all(
    parts.map((part) =>
      isMany(part) ? askSets(reader, dimensions, part, measure) : askAll(reader, grouping, part, measure),
    ),
  )
  const sets = rank(add(found.flat()), measure)
  if (spread === undefined) return sets
  const largest = (sets.get(spread) ?? []).slice(0, groups).map(({ value }) => value)
  const wanted = fragment`WHERE has(${texts(largest)}, toString(${column(spread)}))`
  const many = largest.length === 0 ? [] : parts.filter(isMany)
  const points = await Promise.all(many.map((part) => askFinest(reader, grouping, part, measure, wanted)))
  const known = found.flat().filter(({ dimension }) => dimension === POINTS)
  return new Map([...sets, ...rank(add([...known, ...points.flat()]), measure)])
}

/** Of many rows: the buckets of groups are asked for once it is known which groups are the largest. */
async function askSets<S extends z.ZodObject, F>(
  reader: Pick<Reader, 'ask' | 'derive'>,
  dimensions: readonly string[],
  { source, columns }: PartOfRows,
  { sums }: Figured<S, F>,
): Promise<Sums<S>[]> {
  const grouping = { dimensions, spread: undefined }
  const rows = await reader.ask(GroupedRow)`SELECT * FROM ${groupedBy(reader, grouping, source, columns)} AS grouped`
  return rows.map((row) => readGrouped(grouping, sums, row))
}

/** Of few rows: only by all dimensions at once, and what that adds up to. */
async function askAll<S extends z.ZodObject, F>(
  reader: Pick<Reader, 'ask'>,
  grouping: Grouping,
  part: PartOfRows,
  measure: Figured<S, F>,
): Promise<Sums<S>[]> {
  const finest = await askFinest(reader, grouping, part, measure, fragment``)
  return finest.flatMap((one) => {
    const all = { ...one, dimension: '', value: '', group: '' }
    if (one.dimension === '') return [one]
    if (one.dimension !== POINTS) return [one, all]
    return [
      one,
      { ...one, dimension: 'at', group: '' },
      { ...one, dimension: grouping.spread ?? '', value: one.group, group: '' },
      all,
    ]
  })
}

async function askFinest<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  grouping: Grouping,
  { source, columns }: PartOfRows,
  { sums }: Figured<S, F>,
  wanted: Fragment,
): Promise<Sums<S>[]> {
  const names = grouping.dimensions.map(column)
  const rows = await ask(GroupedRow)`
    SELECT ${listOf([fragment`0 AS level`, ...names, columns])} FROM ${source} AS seen ${wanted}
    GROUP BY ${listOf([fragment`level`, ...names])}`
  return rows.map((row) => readGrouped(grouping, sums, row))
}

function add<S extends z.ZodObject>(asked: readonly Sums<S>[]): Sums<S>[] {
  const added = new Map<string, Sums<S>>()
  for (const one of asked) {
    const key = JSON.stringify([one.dimension, one.value, one.group])
    const before = added.get(key)
    added.set(key, before === undefined ? one : { ...one, sums: sumOf(before.sums, one.sums) })
  }
  return [...added.values()]
}

function sumOf<N>(a: N, b: N): N {
  const names = Object.keys(a as object) as (keyof N)[]
  return Object.fromEntries(names.map((name) => [name, Number(a[name]) + Number(b[name])])) as N
}

/** The largest first; those of one size by their names. */
function rank<S extends z.ZodObject>(asked: readonly Sums<S>[], { sizeOf }: Added<S, unknown>): Sets<S> {
  const byDimension = Map.groupBy(asked, ({ dimension }) => dimension)
  return new Map(
    [...byDimension].map(([dimension, own]) => [
      dimension,
      own
        .toSorted((a, b) => sizeOf(b.sums) - sizeOf(a.sums) || (a.value < b.value ? -1 : 1))
        .map((group) => ({ ...group, values_total: own.length })),
    ]),
  )
}
