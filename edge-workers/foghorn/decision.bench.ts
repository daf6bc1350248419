import { decide } from './decision.ts'
import { type HostReport, live, question, report, toFleet } from './testing/hosts.ts'

const HOSTS = 1_000
const STREAMS = 10_000
const COPIES = 3
const WARM_UP = 2_000
const DECISIONS = 20_000

/** The same numbers in every run (mulberry32). */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

const roll = dice(1)

function place() {
  return { latitude: roll() * 180 - 90, longitude: roll() * 360 - 180 }
}

function makeReports(): HostReport[] {
  const streams = Array.from({ length: HOSTS }, (): string[] => [])
  for (let stream = 0; stream < STREAMS; stream++) {
    for (let copy = 0; copy < COPIES; copy++) streams[Math.floor(roll() * HOSTS)]?.push(`live+${stream}`)
  }
  return streams.map((names, index) =>
    report(index, 0, { location: place(), cpu_percent: roll() * 95, streams: [...new Set(names)].map(live) }),
  )
}

const reports = makeReports()
const preparing = performance.now()
const fleet = toFleet(reports)
const prepared = performance.now() - preparing
write(`fleet of ${HOSTS} hosts, ${STREAMS} streams prepared in ${prepared.toFixed(1)} ms`)

for (const cold of [false, true]) {
  const took: number[] = []
  for (let i = 0; i < WARM_UP + DECISIONS; i++) {
    const stream = `live+${Math.floor(roll() * STREAMS)}`
    const asked = question({ stream, viewer: place(), seed: String(i), cold })
    const started = performance.now()
    decide([fleet], asked)
    if (i >= WARM_UP) took.push((performance.now() - started) * 1000)
  }
  took.sort((a, b) => a - b)
  const at = (part: number) => (took[Math.floor(took.length * part)] ?? Number.NaN).toFixed(1)
  write(`decision, ${cold ? 'every host a candidate' : 'hosts with the stream'}: p50 ${at(0.5)} us, p99 ${at(0.99)} us`)
}

function write(line: string): void {
  process.stdout.write(`${line}\n`)
}
