import { z } from 'zod'
import { Fault } from '../../../shared/fault.ts'
import type { Reader } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { column, type Fragment, fragment, type Source, text, whole as wholeValue } from '../rows/source.ts'
import type { Measure } from './series.ts'

/** Under which the sums of each bucket of each group are. */
export const POINTS = 'points'

export interface Group<S extends z.ZodObject> {
  value: string
  /** Of a point: which group it is of. */
  group: string
  sums: z.output<S>
  /** Values of this dimension that there are. */
  values_total: number
}

/** Groups by their dimension; all rows are under the empty name. */
export type Sets<S extends z.ZodObject> = Map<string, Group<S>[]>

const Row = z.object({ dimension: z.string(), value: z.string(), group: z.string(), values_total: whole }).loose()

/**
 * The sums over all rows (under the empty name), by each of some dimensions, the largest values first, and over the buckets of
 * the largest groups of one of them, in one reading of the source. Ranks add up, so that points tell how large their group is.
 */
export async function readSets<S extends z.ZodObject, F>(
  { ask }: Pick<Reader, 'ask'>,
  dimensions: readonly string[],
  limit: number,
  source: Source,
  { sums, columns, rank }: Measure<S, F>,
  points: { by: string | undefined; groups: number } = { by: undefined, groups: 0 },
): Promise<Sets<S>> {
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

export function readSums<S extends z.ZodObject>(schema: S, row: unknown): z.output<S> {
  const sums = schema.safeParse(row)
  if (sums.success) return sums.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: sums.error })
}
