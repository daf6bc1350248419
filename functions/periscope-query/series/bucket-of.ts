import type { SeriesInput } from '../../../shared/contract/series.ts'
import { type Fragment, fragment, wholes } from '../rows/source.ts'
import { toBuckets } from './buckets.ts'

/** Where the bucket of a time begins, in Unix ms, as a column. */
export function bucketOf(query: SeriesInput, time: Fragment): Fragment {
  return fragment`roundDown(toUnixTimestamp64Milli(${time}), ${wholes(toBuckets(query, query.bucket))})`
}
