import { setTimeout as sleep } from 'node:timers/promises'

/** How often a step ran a second, and the times in ms within which 50 and 99 of 100 runs ended. */
export interface Measured {
  rate: number
  p50_ms: number
  p99_ms: number
}

type Step = (number: number) => Promise<unknown>

/** What begins earlier is done and not counted: code is slow until it has run for a while. */
const WARM_UP_MS = 500

/** Runs `step` from so many lanes for the time given. */
export async function measure(seconds: number, inFlight: number, step: Step): Promise<Measured> {
  const took: number[] = []
  const until = performance.now() + seconds * 1000
  let next = 0
  const lane = async () => {
    for (let started = performance.now(); started < until; started = performance.now()) {
      await step(next++)
      took.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return toMeasured(took, seconds)
}

/** Begins so many steps a second for the time given, however many are still under way. */
export async function offer(seconds: number, rate: number, step: Step): Promise<Measured> {
  const took: number[] = []
  const running: Promise<void>[] = []
  const from = performance.now()
  const begin = async (number: number) => {
    const started = performance.now()
    await step(number)
    if (started - from >= WARM_UP_MS) took.push(performance.now() - started)
  }
  for (let passed = 0; passed < WARM_UP_MS + seconds * 1000; passed = performance.now() - from) {
    while (running.length < (passed / 1000) * rate) running.push(begin(running.length))
    await sleep(1)
  }
  await Promise.all(running)
  return toMeasured(took, seconds)
}

function toMeasured(took: readonly number[], seconds: number): Measured {
  const sorted = Float64Array.from(took).sort()
  const within = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN
  return { rate: took.length / seconds, p50_ms: within(0.5), p99_ms: within(0.99) }
}
