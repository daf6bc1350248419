import { type Fault, toFault } from '../shared/fault.ts'

/** Something that is done again and again, never twice at a time. */
export interface Job extends AsyncDisposable {
  /** Runs it now instead of at its next time; once more after the present run if it is running. */
  wake(): void
}

interface JobOptions {
  intervalMs: number
  /** By how much of the interval each next run may come early, by chance. */
  jitter?: number
  random?: () => number
  run: () => Promise<void>
  /** Told of each run that failed; the next one comes all the same. */
  onFailure: (fault: Fault) => void
}

/** Runs at once and then at each interval, until it is disposed of: that waits for the run under way. */
export function startJob({ intervalMs, jitter = 0, random = Math.random, run, onFailure }: JobOptions): Job {
  let stopped = false
  let woken = Promise.withResolvers<void>()

  async function loop(): Promise<void> {
    while (!stopped) {
      woken = Promise.withResolvers<void>()
      const timer = setTimeout(woken.resolve, waitMs(intervalMs, jitter, random))
      await run().catch((error: unknown) => onFailure(toFault(error)))
      await woken.promise
      clearTimeout(timer)
    }
  }

  const done = loop()
  return {
    wake: () => woken.resolve(),
    [Symbol.asyncDispose]: () => {
      stopped = true
      woken.resolve()
      return done
    },
  }
}

/** How long a job waits from the beginning of one run to the next. */
export function waitMs(intervalMs: number, jitter: number, random: () => number): number {
  return intervalMs * (1 - jitter * random())
}
