import type { Process } from './process.ts'
import type { Entry } from './schedule.ts'

/** What `setTimeout` answers in a simulated process. */
export class Timer {
  entry: Entry | undefined

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}

export function startTimer(process: Process) {
  return (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Timer => {
    const timer = new Timer()
    timer.entry = process.after(ms, () => work(...args))
    return timer
  }
}

export function startInterval(process: Process) {
  return (work: (...args: unknown[]) => void, ms = 0, ...args: unknown[]): Timer => {
    const timer = new Timer()
    const next = () => {
      timer.entry = process.after(ms, () => {
        next()
        work(...args)
      })
    }
    next()
    return timer
  }
}

export function clearTimer({ entry }: Timer): void {
  if (entry !== undefined) entry.run = null
}

/** `setTimeout` of `node:timers/promises`. */
export function sleep(process: Process) {
  return <T>(ms = 0, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
    if (signal?.aborted) {
      reject(signal.reason)
      return promise
    }
    const entry = process.after(ms, () => {
      forget?.()
      resolve(value)
    })
    const forget =
      signal &&
      process.onAbort(signal, () => {
        entry.run = null
        forget?.()
        reject(signal.reason)
      })
    return promise
  }
}

/** One for all: to make one is slow, and most of them nobody looks at. */
const TIMED_OUT = new DOMException('The operation timed out', 'TimeoutError')

/** `AbortSignal.timeout`. */
export function abortAfter(process: Process) {
  return (ms: number): AbortSignal => {
    const controller = new AbortController()
    process.after(ms, () => controller.abort(TIMED_OUT))
    return controller.signal
  }
}
