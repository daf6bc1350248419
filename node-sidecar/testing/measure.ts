/** How often a step ran a second, and the time in ms within which 99 of 100 runs ended. */
export interface Measured {
  rate: number
  p99_ms: number
}

/** Runs `step` from so many lanes for the time given. */
export async function measure(
  seconds: number,
  inFlight: number,
  step: (number: number) => Promise<unknown>,
): Promise<Measured> {
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
  const sorted = Float64Array.from(took).sort()
  return { rate: took.length / seconds, p99_ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN }
}
