import { Fault } from '../fault.ts'
import { wait } from './wait.ts'

export const RETRY_DELAY_MIN_MS = 50
export const RETRY_DELAY_MAX_MS = 5_000

/** Carries a handler's own error out of the engine's loop, where the engine's errors are retried. */
export class HandlerError extends Error {
  override readonly name = 'HandlerError'

  constructor(cause: unknown) {
    super('The batch handler failed', { cause })
  }
}

/** Back-off before attempt `attempt` + 1 (0-based) in ms: doubles up to a cap; half of it is random, so that members spread. */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(RETRY_DELAY_MAX_MS, RETRY_DELAY_MIN_MS * 2 ** Math.min(attempt, 30))
  return full / 2 + (full / 2) * random()
}

/**
 * Runs the work until it resolves, retrying retryable faults in place so that order holds. Answers its result, or
 * nothing when closing came first. Throws `HandlerError` for anything else.
 */
export async function untilDone<T>(work: () => Promise<T>, closing: AbortSignal): Promise<{ result: T } | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return { result: await work() }
    } catch (error) {
      if (!(error instanceof Fault && error.retry)) throw new HandlerError(error)
    }
    await wait(retryDelayMs(attempt), closing)
    if (closing.aborted) return undefined
  }
}
