import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** One side of a comparison: does its work once and says how many operations that was. */
export type Side = () => Promise<number>

interface Comparison {
  name: string
  unit: string
  ours: Side
  /** The same work by the library or engine alone. */
  bare: Side
  /** Makes what a round needs, off the clock. */
  prepare?: () => void
  rounds?: number
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const ROUNDS = 9
const WARM_UP_ROUNDS = 2

/** Runs both sides in turn, so that a noisy machine troubles both alike, and prints medians and the median ratio. */
export async function compare({ name, unit, ours, bare, prepare, rounds = ROUNDS }: Comparison): Promise<void> {
  const ratios: number[] = []
  const rates = { ours: [] as number[], bare: [] as number[] }
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    prepare?.()
    // What was made off the clock is not cleared away on it.
    if (prepare) collectGarbage()
    const pair = { ours: await rate(ours), bare: await rate(bare) }
    if (round < 0) continue
    rates.ours.push(pair.ours)
    rates.bare.push(pair.bare)
    ratios.push(pair.ours / pair.bare)
  }
  const [ourRate, bareRate] = [median(rates.ours), median(rates.bare)].map((value) => format(value, unit))
  print(`${name}: ${ourRate}, bare ${bareRate}, ratio ${median(ratios).toFixed(2)}`)
}

/** Prints the quantiles of one side's latencies, given in milliseconds. */
export function quantiles(name: string, latencies: readonly number[]): void {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (share: number) =>
    microseconds(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  print(`${name}: p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)}`)
}

async function rate(side: Side): Promise<number> {
  const started = performance.now()
  const operations = await side()
  return (operations / (performance.now() - started)) * 1000
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function format(rate: number, unit: string): string {
  return `${Math.round(rate).toLocaleString('en')} ${unit}/s`
}

function microseconds(ms: number): string {
  return ms < 1 ? `${(ms * 1000).toFixed(1)} us` : `${ms.toFixed(2)} ms`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
