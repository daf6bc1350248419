import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Before } from '../rollups/rolled.ts'

/** A part of the range of a question, which is laid into the buckets of all of it. */
export interface Part {
  range: TimeRange
  query: SeriesInput
  /** All streams when absent. */
  stream_id: string | undefined
  now: Date
  before: Before
}
