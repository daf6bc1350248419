import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { Reader } from '../rows/reader.ts'
import { type Fragment, fragment, type Source, wholes } from '../rows/source.ts'
import { toBuckets } from './buckets.ts'

/** The part of each row that lies in each bucket, of rows that last from `began` to `ended` (Unix ms); `at` is where the bucket begins. */
export function spread({ derive }: Pick<Reader, 'derive'>, query: SeriesInput, lasting: Source): Source {
  const starts = toBuckets(query, query.bucket)
  const [first, last] = [wholes(starts), wholes([...starts.slice(1), Date.parse(query.to)])]
  const numbers = wholes(starts.map((_, index) => index + 1))
  const numberOf = (moment: Fragment) =>
    fragment`transform(roundDown(${moment}, ${first}), ${first}, ${numbers}, toInt64(1))`
  return derive`
    SELECT * EXCEPT (began, ended, number), ${first}[number] AS at,
      greatest(opened, at) AS began, least(closed, ${last}[number]) AS ended
    FROM (
      SELECT * EXCEPT (began, ended), whole.began AS opened, whole.ended AS closed,
        arrayJoin(range(${numberOf(fragment`opened`)}, ${numberOf(fragment`greatest(opened, closed - 1)`)} + 1)) AS number
      FROM ${lasting} AS whole
    ) AS parts`
}
