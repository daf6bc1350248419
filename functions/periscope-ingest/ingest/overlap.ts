/**
 * Prepares one item after the other, and finishes each while the next is prepared: one at a time, in order. Rejects
 * with the first failure, once nothing runs any more; what comes after it is never finished.
 */
export async function overlap<T, P>(
  items: Iterable<T>,
  prepare: (item: T) => Promise<P>,
  finish: (prepared: P) => Promise<void>,
): Promise<void> {
  let finishing = Promise.resolve()
  try {
    for (const item of items) {
      const prepared = await prepare(item)
      await finishing
      finishing = finish(prepared)
      // It may fail while the next is prepared; that is heard of above.
      finishing.catch(() => undefined)
    }
    await finishing
  } finally {
    await Promise.allSettled([finishing])
  }
}
