export const BACKOFF_FIRST_MS = 500
export const BACKOFF_MAX_MS = 30_000

/** How long to wait after the `failures`th failure in a row (from 1): doubled each time, half of it by chance. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  const full = Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_MAX_MS)
  return (full * (1 + random())) / 2
}
