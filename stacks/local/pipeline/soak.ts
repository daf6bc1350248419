import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { freePort } from '../../../shared/testing/port.ts'
import { startKafka } from '../kafka/server.ts'
import { differences, startLoad } from './load.ts'
import { startPipeline } from './pipeline.ts'

const USAGE = `npm run soak [-- --minutes N]
  Runs the pipeline's processes with a real Apache Kafka under a steady load for N minutes (10), and prints what memory each
  holds, and the least that Helmsman's heap came down to. Fails when an end is lost or doubled, or when a process holds more at the end than half-way.
`
const MINUTE_MS = 60_000
const SETTLED_MS = 60_000
const POLL_MS = 250
const HEAP_SAMPLES = 30
/** By how much the memory of the last quarter may be above that of the quarter before half-time; garbage comes and goes. */
const GROWTH_MAX = 1.25

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, help: { type: 'boolean' } } })
const minutes = Number(values.minutes)
const say = (text: string) => process.stdout.write(`${text}\n`)
if (values.help || !(minutes > 0)) say(USAGE)
else await soak()

async function soak(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'soak-'))
  const port = await freePort()
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(dir, { recursive: true, force: true }))
  stack.use(await startKafka({ dir, port }))
  const { helmsman, decklog, ingest, door, clickhouse } = stack.use(
    await startPipeline({ kafka: { decklog: port, ingest: port } }),
  )
  const parts = { Helmsman: helmsman, Decklog: decklog, 'Periscope Ingest': ingest }
  const load = startLoad(door)
  const samples: number[][] = []
  say(`minute  ends     ${Object.keys(parts).join(', ')}, Helmsman's heap (MiB)`)
  for (let minute = 1; minute <= minutes; minute++) {
    const heaps: number[] = []
    for (let i = 0; i < HEAP_SAMPLES; i++) {
      await sleep(MINUTE_MS / HEAP_SAMPLES)
      heaps.push(await heapBytes(helmsman.url))
    }
    const heap = Math.round(Math.min(...heaps) / 2 ** 20)
    const held = Object.values(parts).map((part) => Math.round(part.residentBytes() / 2 ** 20))
    samples.push(held)
    say(`${String(minute).padEnd(7)} ${String(load.fired.size).padEnd(8)} ${held.join(', ')}, ${heap}`)
  }
  await load.stop()
  const { lost, wrong } = await settled(() => differences(load, clickhouse))
  say(`${load.fired.size} ends, ${load.taken.size} acknowledged, ${lost} lost, ${wrong.length} wrong`)
  const grown = Object.keys(parts).filter((_, i) => hasGrown(samples.map((held) => held[i] ?? 0)))
  if (grown.length > 0) say(`grows: ${grown.join(', ')}`)
  if (lost > 0 || wrong.length > 0 || grown.length > 0) process.exitCode = 1
}

async function heapBytes(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^nodejs_heap_size_used_bytes\S* (\S+)/m.exec(text)?.[1])
}

function hasGrown(held: readonly number[]): boolean {
  const quarter = Math.ceil(held.length / 4)
  const before = Math.max(...held.slice(quarter, 2 * quarter))
  return held.length >= 4 && Math.max(...held.slice(-quarter)) > before * GROWTH_MAX
}

async function settled(look: () => ReturnType<typeof differences>) {
  const deadline = Date.now() + SETTLED_MS
  for (;;) {
    const found = await look()
    if (found.lost === 0 || Date.now() > deadline) return found
    await sleep(POLL_MS)
  }
}
