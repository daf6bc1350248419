import type { SeriesInput } from '../../../shared/contract/series.ts'
import { type Fragment, fragment, whole, wholes } from '../rows/source.ts'
import { toBuckets } from './buckets.ts'

/** Where the bucket of a time begins, in Unix ms, as a column. */
export function bucketOf(query: SeriesInput, time: Fragment): Fragment {
  const { startOf, numberOf } = gridOf(query)
  return startOf(numberOf(fragment`toUnixTimestamp64Milli(${time})`))
}

/** The buckets of a range by number, the first is 1. */
export interface Grid {
  /** The number of the bucket of a time in Unix ms. */
  numberOf(ms: Fragment): Fragment
  /** Where a bucket begins, in Unix ms. */
  startOf(number: Fragment): Fragment
  /** Where it ends. */
  endOf(number: Fragment): Fragment
}

/** Buckets that are alike are counted; a list of hundreds of them takes ClickHouse long to read in each place of a question. */
export function gridOf(query: SeriesInput): Grid {
  const starts = toBuckets(query, query.bucket)
  const [from, to] = [starts[0] ?? 0, Date.parse(query.to)]
  const second = starts[1]
  if (second === undefined) {
    return { numberOf: () => fragment`1`, startOf: () => fragment`${whole(from)}`, endOf: () => fragment`${whole(to)}` }
  }
  const width = (starts[2] ?? to) - second
  const alike = starts.every((start, index) => index < 2 || start - (starts[index - 1] ?? 0) === width)
  return alike ? regular({ from, second, width, to }) : listed(starts, to)
}

function regular({ from, second, width, to }: Record<'from' | 'second' | 'width' | 'to', number>): Grid {
  return {
    numberOf: (ms) => fragment`if(${ms} < ${whole(second)}, 1, intDiv(${ms} - ${whole(second)}, ${whole(width)}) + 2)`,
    startOf: (number) => fragment`greatest(${whole(from)}, ${whole(second)} + (${number} - 2) * ${whole(width)})`,
    endOf: (number) => fragment`least(${whole(second)} + (${number} - 1) * ${whole(width)}, ${whole(to)})`,
  }
}

function listed(starts: readonly number[], to: number): Grid {
  const [first, last] = [wholes(starts), wholes([...starts.slice(1), to])]
  const numbers = wholes(starts.map((_, index) => index + 1))
  return {
    numberOf: (ms) => fragment`transform(roundDown(${ms}, ${first}), ${first}, ${numbers}, toInt64(1))`,
    startOf: (number) => fragment`${first}[${number}]`,
    endOf: (number) => fragment`${last}[${number}]`,
  }
}
