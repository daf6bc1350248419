import type { Log } from '../../../shared/log.ts'

/** What goes on in the background: lives of publishers and sessions. */
export interface Flows {
  run(name: string, flow: () => Promise<void>): void
  /** Resolves once nothing is under way, including what was started meanwhile. */
  idle(): Promise<void>
}

/** A flow that fails is logged; one that the stop of the host interrupts is not a failure. */
export function trackFlows(log: Log, signal: AbortSignal): Flows {
  const running = new Set<Promise<void>>()
  return {
    run(name, flow) {
      const tracked = flow()
        .catch((error: unknown) => {
          if (!signal.aborted) log.error('{name} failed', { name, error })
        })
        .finally(() => running.delete(tracked))
      running.add(tracked)
    },
    async idle() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}
