const MINUTE_S = 60
const HOUR_S = 3_600

/** Seconds from each failed attempt to the next: eight attempts over about 28 hours. */
export const ATTEMPT_DELAYS_S = [
  5,
  5 * MINUTE_S,
  30 * MINUTE_S,
  2 * HOUR_S,
  5 * HOUR_S,
  10 * HOUR_S,
  10 * HOUR_S,
] as const
export const ATTEMPTS_MAX = ATTEMPT_DELAYS_S.length + 1
/** By how much a delay may be longer or shorter, so that failures do not come back together. */
export const JITTER = 0.1
/** An endpoint that took nothing for so long is disabled. */
export const FAILING_DAYS_MAX = 5

/** Seconds to wait after the failed `attempt` (1 is the first); undefined when it was the last. */
export function delayAfter(attempt: number, random = Math.random): number | undefined {
  const delay = ATTEMPT_DELAYS_S[attempt - 1]
  return delay === undefined ? undefined : delay * (1 + JITTER * (2 * random() - 1))
}
