/** Less than a scrape waits. */
export const READING_TIMEOUT_MS = 3_000

/**
 * What the gauges of one scrape show of somewhere else, read once for all of them and never twice at a time. Answers
 * nothing when it cannot be read in time: metrics are there also while what they tell of is not.
 */
export function shareReading<T>(read: () => Promise<T>, timeoutMs = READING_TIMEOUT_MS): () => Promise<T | undefined> {
  let reading: Promise<T | undefined> | undefined
  return async () => {
    reading ??= read()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined
      })
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), timeoutMs)
    try {
      return await Promise.race([reading, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
