import { setTimeout as sleep } from 'node:timers/promises'

/** Stream time: milliseconds since the start, `speed` times as fast as the clock on the wall. */
export interface Timeline {
  now(): number
  /** Resolves after `ms` of stream time; rejects with an AbortError once the host stops. */
  wait(ms: number): Promise<void>
  /** Rejects with an AbortError once the host stops, and never resolves. */
  stopped: Promise<never>
}

export function startTimeline(speed: number, signal: AbortSignal): Timeline {
  const start = performance.now()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  // Nobody may be waiting when it rejects.
  stopped.catch(() => undefined)
  return {
    stopped,
    now: () => (performance.now() - start) * speed,
    wait: (ms) => sleep(Math.max(0, ms) / speed, undefined, { signal }),
  }
}
