export interface Backlog {
  partition: number
  /** The next offset to read, and the end of what there is. */
  from: bigint
  until: bigint
}

/** Shares a batch of `max` records over the partitions that have some: equal shares first, the rest to who has more. */
export function readQuotas(backlog: readonly Backlog[], max: number): Backlog[] {
  const bySize = backlog
    .filter(({ from, until }) => until > from)
    .sort((a, b) => Number(a.until - a.from - (b.until - b.from)))
  let left = max
  const quotas = bySize.flatMap(({ partition, from, until }, index) => {
    const share = Math.ceil(left / (bySize.length - index))
    const records = Math.min(Number(until - from), share)
    left -= records
    return records > 0 ? [{ partition, from, until: from + BigInt(records) }] : []
  })
  // Who is furthest behind comes first, in case the batch is cut short by its bytes.
  return quotas.reverse()
}
