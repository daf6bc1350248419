import { setTimeout as delay } from 'node:timers/promises'

/** Waits `ms`, or until the signal is aborted; never rejects. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  try {
    await delay(ms, undefined, { signal })
  } catch {
    // Only the abort ends the delay early, and the caller asks the signal.
  }
}
