import { z } from 'zod'
import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { Reader } from '../rows/reader.ts'
import { column, type Fragment, fragment, type Source, text, texts } from '../rows/source.ts'
import type { Measure } from './series.ts'
import { type Group, POINTS, readSums, type Sets } from './sets.ts'

/** Sums that add up over parts of the rows. */
export interface Added<S extends z.ZodObject> {
  /** Which of two groups is larger. */
  sizeOf(sums: z.output<S>): number
}

const Row = z.object({ dimension: z.string(), value: z.string(), group: z.string() }).loose()
type Asked<S extends z.ZodObject> = Omit<Group<S>, 'values_total'> & { dimension: string }

/** Some of the rows, and whether they are so few that the buckets of all groups may be asked for at once. */
export interface PartOfRows {
  source: Source
  few: boolean
}

/** The sums over all rows of all sources, by each of some dimensions, and over the buckets of the largest groups. */
export async function readAddedSets<S extends z.ZodObject, F>(
  reader: Pick<Reader, 'ask'>,
  { by, bucket, groups }: SeriesInput,
  dimensions: readonly string[],
  parts: readonly PartOfRows[],
  measure: Measure<S, F> & Added<S>,
): Promise<Sets<S>> {
  const spread = bucket === undefined ? undefined : by
  const found = await Promise.all(
    parts.map(({ source, few }) => askSets(reader, dimensions, few ? spread : undefined, source, measure)),
  )
  const sets = rank(add(found.flat()), measure)
  if (spread === undefined) return sets
  const largest = (sets.get(spread) ?? []).slice(0, groups).map(({ value }) => value)
  const many = parts.filter(({ few }) => !few)
  const points = await Promise.all(many.map(({ source }) => askPoints(reader, spread, largest, source, measure)))
  const known = found.flat().filter(({ dimension }) => dimension === POINTS)
  return new Map([...sets, ...rank(add([...known, ...points.flat()]), measure)])
}

async function askSets<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  dimensions: readonly string[],
  spread: string | undefined,
  source: Source,
  { columns, sums }: Measure<S, F>,
): Promise<Asked<S>[]> {
  const none = fragment`''`
  const point = (piece: Fragment, others: Fragment) =>
    spread === undefined
      ? others
      : fragment`if(grouping(at) = 0 AND grouping(${column(spread)}) = 0, ${piece}, ${others})`
  const choose = (toValue: (name: string) => Fragment) =>
    dimensions.reduceRight(
      (others, name) => fragment`if(grouping(${column(name)}) = 0, ${toValue(name)}, ${others})`,
      none,
    )
  const single = dimensions.reduce((list, name) => fragment`${list}, (${column(name)})`, fragment`()`)
  const sets = spread === undefined ? single : fragment`${single}, (at, ${column(spread)})`
  const group = spread === undefined ? none : point(fragment`toString(${column(spread)})`, none)
  const rows = await ask(Row)`
    SELECT ${point(
      fragment`${text(POINTS)}`,
      choose((name) => fragment`${text(name)}`),
    )} AS dimension,
      ${point(
        fragment`toString(at)`,
        choose((name) => fragment`toString(${column(name)})`),
      )} AS value,
      ${group} AS group, ${columns}
    FROM ${source} AS seen GROUP BY GROUPING SETS (${sets})`
  return rows.map(({ dimension, value, group, ...rest }) => ({ dimension, value, group, sums: readSums(sums, rest) }))
}

async function askPoints<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  by: string,
  groups: readonly string[],
  source: Source,
  { columns, sums }: Measure<S, F>,
): Promise<Asked<S>[]> {
  if (groups.length === 0) return []
  const rows = await ask(Row)`
    SELECT ${text(POINTS)} AS dimension, toString(at) AS value, toString(${column(by)}) AS group, ${columns}
    FROM ${source} AS seen WHERE has(${texts(groups)}, toString(${column(by)})) GROUP BY at, ${column(by)}`
  return rows.map(({ dimension, value, group, ...rest }) => ({ dimension, value, group, sums: readSums(sums, rest) }))
}

function add<S extends z.ZodObject>(asked: readonly Asked<S>[]): Asked<S>[] {
  const added = new Map<string, Asked<S>>()
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
function rank<S extends z.ZodObject>(asked: readonly Asked<S>[], { sizeOf }: Added<S>): Sets<S> {
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
