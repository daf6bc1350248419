import { type Fault, toFault } from '../shared/fault.ts'

/** Something that is done again and again, never twice at a time. */
export interface Job extends AsyncDisposable {
  /** Runs it now instead of at its next time; once more after the present run if it is running. */
  wake(): void
}

interface JobOptions {
  intervalMs: number
  run: () => Promise<void>
  /** Told of each run that failed; the next one comes all the same. */
  onFailure: (fault: Fault) => void
}

/** Runs at once and then at each interval, until it is disposed of: that waits for the run under way. */
export function startJob({ intervalMs, run, onFailure }: JobOptions): Job {
  let stopped = false
  let woken = Promise.withResolvers<void>()

  async function loop(): Promise<void> {
    while (!stopped) {
      woken = Promise.withResolvers<void>()
      const timer = setTimeout(woken.resolve, intervalMs)
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
