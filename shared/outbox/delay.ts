export const FIRST_DELAY_MS = 2_000
export const DELAY_MAX_MS = 3_600_000

/**
 * Milliseconds to wait before the `attempt`-th attempt (2 is the first repeat): doubling from `FIRST_DELAY_MS` to
 * `DELAY_MAX_MS`, of which half is random so that failures do not return together. What the receiver asked for counts
 * as it is.
 */
export function delayBefore(attempt: number, askedSeconds?: number, random = Math.random): number {
  if (askedSeconds !== undefined) return askedSeconds * 1000
  const full = Math.min(DELAY_MAX_MS, FIRST_DELAY_MS * 2 ** Math.max(0, attempt - 2))
  return full / 2 + (full / 2) * random()
}
