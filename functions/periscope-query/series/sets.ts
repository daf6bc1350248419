import type { z } from 'zod'
import type { Reader } from '../rows/reader.ts'
import { whole } from '../rows/row.ts'
import { column, fragment, listOf, type Source, whole as wholeValue } from '../rows/source.ts'
import { GroupedRow, type Grouping, groupedBy, levelOf, readGrouped, type Sums } from './grouped.ts'
import type { Measure } from './series.ts'

export interface Group<S extends z.ZodObject> extends Omit<Sums<S>, 'dimension'> {
  /** Values of this dimension that there are. */
  values_total: number
}

/** Groups by their dimension; all rows are under the empty name. */
export type Sets<S extends z.ZodObject> = Map<string, Group<S>[]>

/** How many of each dimension are wanted, the largest, and of how many groups the points. */
interface Most {
  values: number
  groups: number
}

const Row = GroupedRow.extend({ values_total: whole })

/**
 * The sums over all rows (under the empty name), by each of some dimensions, the largest values first, and over the buckets of
 * the largest groups of one of them, in one reading of the source. Ranks add up, so that points tell how large their group is.
 */
export async function readSets<S extends z.ZodObject, F>(
  reader: Pick<Reader, 'ask' | 'derive'>,
  grouping: Grouping,
  most: Most,
  source: Source,
  measure: Measure<S, F>,
): Promise<Sets<S>> {
  const grouped = groupedBy(reader, grouping, source, measure.columns)
  const ranked = rank(reader, grouping, most, grouped, measure)
  const rows = await reader.ask(Row)`SELECT * FROM ${ranked} AS ranked`
  const groups = rows.map((row) => {
    return { ...readGrouped(grouping, measure.sums, row), values_total: row.values_total }
  })
  return Map.groupBy(groups, ({ dimension }) => dimension)
}

function rank<S extends z.ZodObject, F>(
  { derive }: Pick<Reader, 'derive'>,
  { dimensions, spread }: Grouping,
  { values, groups }: Most,
  grouped: Source,
  measure: Measure<S, F>,
): Source {
  const names = dimensions.filter((name) => name !== 'at').map(column)
  // Buckets have no rank.
  if (names.length === 0) return derive`SELECT *, 0 AS values_total FROM ${grouped} AS seen`
  const list = listOf([fragment`level`, ...names])
  const sized = derive`SELECT *, sum(${measure.rank}) OVER (PARTITION BY ${list}) AS size FROM ${grouped} AS seen`
  const points = spread === undefined ? -1 : levelOf(dimensions, [spread, 'at'])
  return derive`
    SELECT * EXCEPT (size, place) FROM (
      SELECT *, count() OVER (PARTITION BY level) AS values_total,
        dense_rank() OVER (PARTITION BY level ORDER BY size DESC, ${list}) AS place
      FROM ${sized} AS sized
    ) AS placed
    WHERE place <= if(level = ${wholeValue(points)}, ${wholeValue(groups)}, ${wholeValue(values)})
    ORDER BY level, place`
}
