import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { Reader } from '../rows/reader.ts'
import { fragment, type Source } from '../rows/source.ts'
import { gridOf } from './bucket-of.ts'

/** The part of each row that lies in each bucket, of rows that last from `began` to `ended` (Unix ms); `at` is where the bucket begins. */
export function spread({ derive }: Pick<Reader, 'derive'>, query: SeriesInput, lasting: Source): Source {
  const { numberOf, startOf, endOf } = gridOf(query)
  if (query.bucket === undefined) return derive`SELECT *, ${startOf(fragment`1`)} AS at FROM ${lasting} AS whole`
  const first = numberOf(fragment`whole.began`)
  const last = numberOf(fragment`greatest(whole.began, whole.ended - 1)`)
  return derive`
    SELECT * EXCEPT (began, ended), arrayJoin(range(${first}, ${last} + 1)) AS number, ${startOf(fragment`number`)} AS at,
      greatest(whole.began, at) AS began, least(whole.ended, ${endOf(fragment`number`)}) AS ended
    FROM ${lasting} AS whole`
}
