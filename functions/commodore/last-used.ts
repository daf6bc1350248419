/** How exact `last_used_at` is: a credential in constant use is written once in this time. */
export const LAST_USED_PRECISION_MS = 60_000

/** Whether a credential's time of last use is old enough to write again. */
export function isLastUsedStale(lastUsed: Date | null, now: Date): boolean {
  return lastUsed === null || now.getTime() - lastUsed.getTime() >= LAST_USED_PRECISION_MS
}
