import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { Reader } from '../rows/reader.ts'
import { fragment, type Source } from '../rows/source.ts'
import { gridOf } from './bucket-of.ts'

/** The part of each row that lies in each bucket, of rows that last from `began` to `ended` (Unix ms); `at` is where the bucket begins. */
export function spread({ derive }: Pick<Reader, 'derive'>, query: SeriesInput, lasting: Source): Source {
  const { numberOf, startOf, endOf } = gridOf(query)
  if (query.bucket === undefined) return derive`SELECT *, ${startOf(fragment`1`)} AS at FROM ${lasting} AS whole`
  return derive`
    SELECT * EXCEPT (began, ended, number), ${startOf(fragment`number`)} AS at,
      greatest(opened, at) AS began, least(closed, ${endOf(fragment`number`)}) AS ended
    FROM (
      SELECT * EXCEPT (began, ended), whole.began AS opened, whole.ended AS closed,
        arrayJoin(range(${numberOf(fragment`opened`)}, ${numberOf(fragment`greatest(opened, closed - 1)`)} + 1)) AS number
      FROM ${lasting} AS whole
    ) AS parts`
}
