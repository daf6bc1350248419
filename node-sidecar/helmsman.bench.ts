// Facts taken in a second: parsed, made into events, journalled, synced and answered; beside the parts alone.
//   node node-sidecar/helmsman.bench.ts [seconds]
import { execFile } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Registry } from 'prom-client'
import { systemClock } from '../shared/clock.ts'
import { createLog } from '../shared/log.ts'
import { Gate } from './control-plane/gate.ts'
import { DeadLetters } from './journal/dead-letters.ts'
import { Journal } from './journal/journal.ts'
import { recordEvents } from './journal/record-events.ts'
import { createMetrics } from './metrics.ts'
import { createDoor } from './mist/door.ts'
import { toEvents } from './mist/events/to-events.ts'
import { readFiring } from './mist/firing.ts'
import { decodePayload, isTriggerName, parseTrigger } from './mist/triggers/trigger.ts'
import { peerOf, serve } from './serve.ts'
import { Publishers } from './sources/publishers.ts'
import { callAt } from './testing/calls.ts'
import { type Measured, measure } from './testing/measure.ts'

const SECONDS = Number(process.argv[2] ?? 3)
const IN_FLIGHT = 64
const node_id = 'nod_bench'
const log = createLog('helmsman')

function recordsOf(number: number): Buffer[] {
  const { trigger, headers, body } = callAt(number)
  if (!isTriggerName(trigger)) return []
  const payload = decodePayload(body)
  const firing = readFiring(trigger, (name) => headers[name], payload, { node_id, now: new Date() })
  return toEvents(parseTrigger(trigger, payload), firing).map((event) => Buffer.from(JSON.stringify(event)))
}

async function show(what: string, inFlight: number, step: (number: number) => Promise<unknown>): Promise<void> {
  print(what, await measure(SECONDS, inFlight, step))
}

function print(what: string, { rate, p99_ms }: Measured, note = ''): void {
  const shown = Math.round(rate).toLocaleString('en')
  process.stdout.write(`${what.padEnd(52)} ${shown.padStart(8)}/s  p99 ${p99_ms.toFixed(2)} ms${note}\n`)
}

const program = fileURLToPath(new URL('testing/fire-triggers.ts', import.meta.url))

/** Has another process fire triggers at the door; also says what they would come to if we had a processor to ourselves. */
async function showFired(what: string, port: number, connections: 'kept' | 'each', inFlight: number): Promise<void> {
  const before = process.cpuUsage()
  const args = [program, port, SECONDS, inFlight, connections].map(String)
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const measured = JSON.parse(stdout) as Measured
  const { user, system } = process.cpuUsage(before)
  const perCore = (measured.rate * SECONDS * 1e6) / (user + system)
  print(what, measured, `, ${Math.round(perCore).toLocaleString('en')} for each second of a processor`)
}

const folder = await mkdtemp(join(tmpdir(), 'helmsman-bench-'))
{
  await using journal = await Journal.open({ folder: join(folder, 'journal'), log, bytesMax: 2 ** 40 })
  const commodore = { service: 'commodore', baseUrl: new URL('http://127.0.0.1:1') }
  const door = createDoor({
    node_id,
    gate: new Gate({ commodore, clock: systemClock, log }),
    publishers: new Publishers(async () => new Map()),
    journal,
    record: (events) => recordEvents(journal, events),
    deadLetters: new DeadLetters(join(folder, 'dead-letters.jsonl')),
    metrics: createMetrics(new Registry()),
    clock: systemClock,
    log,
    peerOf: (c) => (c.env === undefined ? '127.0.0.1' : peerOf(c)),
  })
  await show('parsed, journalled, synced', IN_FLIGHT, async (number) => {
    for (const record of recordsOf(number)) await journal.append(record)
  })
  await show('the same through the door, without HTTP', IN_FLIGHT, async (number) => {
    const { trigger, headers, body } = callAt(number)
    const length = { 'content-length': String(body.byteLength) }
    await door.request(`/triggers/${trigger}`, { method: 'POST', headers: { ...headers, ...length }, body })
  })
  {
    await using served = await serve(door, { hostname: '127.0.0.1', port: 0 })
    await showFired('the same over HTTP, kept connections', served.port, 'kept', IN_FLIGHT)
    await showFired('the same over HTTP, a connection each', served.port, 'each', IN_FLIGHT)
    await showFired('the same over HTTP, 8 connections', served.port, 'kept', 8)
  }
  await show('parsed alone', 1, async (number) => recordsOf(number))
  const record = Buffer.alloc(700, 'x')
  await show('appends alone', IN_FLIGHT, () => journal.append(record))
  const bare = await open(join(folder, 'bare'), 'w')
  const group = Buffer.alloc(708 * IN_FLIGHT, 'x')
  await show(`bare writes of ${IN_FLIGHT} records + sync`, 1, async () => {
    await bare.write(group)
    await bare.datasync()
  })
  await bare.close()
}
await rm(folder, { recursive: true })
