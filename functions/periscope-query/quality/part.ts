import type { SeriesInput } from '../../../shared/contract/series.ts'
import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { Before } from '../rollups/rolled.ts'
import type { Reader } from '../rows/reader.ts'
import type { Fragment, Source } from '../rows/source.ts'
import { type Known, type SumName, toColumns } from './sums.ts'

/** A part of the range of a question, which is laid into the buckets of all of it. */
export interface Part {
  range: TimeRange
  query: SeriesInput
  /** All streams when absent. */
  stream_id: string | undefined
  now: Date
  before: Before
}

/** Rows that some of the sums are made of. */
export interface SummedRows {
  sums: readonly SumName[]
  rows(reader: Reader, part: Part): Source
}

/** Rows that have these sums: `build` selects their columns, where each is (`at, stream_id, node_id, cluster_id, protocol`) before them. */
export function summedRows(known: Known, build: (reader: Reader, part: Part, columns: Fragment) => Source): SummedRows {
  const columns = toColumns(known)
  return { sums: Object.keys(known) as SumName[], rows: (reader, part) => build(reader, part, columns) }
}
