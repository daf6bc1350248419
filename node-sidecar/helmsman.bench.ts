// Facts taken in a second: parsed, made into events, journalled, synced and answered; beside the parts alone.
//   node node-sidecar/helmsman.bench.ts [seconds]
import { mkdtemp, open, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import { readSession } from './testing/recordings.ts'

const SECONDS = Number(process.argv[2] ?? 3)
const IN_FLIGHT = 64
const node_id = 'nod_bench'
const log = createLog('helmsman')

const calls = readSession()
  .filter(({ trigger }) => ['USER_END', 'STREAM_END', 'STREAM_BUFFER', 'PUSH_INPUT_CLOSE'].includes(trigger))
  .map(({ trigger, headers, body }) => {
    const lower = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value])
    return { trigger, headers: Object.fromEntries(lower), body: Buffer.from(body) }
  })

function callAt(number: number) {
  const call = calls[number % calls.length]
  if (call === undefined) throw new TypeError('nothing is recorded')
  return call
}

function recordsOf(number: number): Buffer[] {
  const { trigger, headers, body } = callAt(number)
  if (!isTriggerName(trigger)) return []
  const payload = decodePayload(body)
  const firing = readFiring(trigger, (name) => headers[name], payload, { node_id, now: new Date() })
  return toEvents(parseTrigger(trigger, payload), firing).map((event) => Buffer.from(JSON.stringify(event)))
}

/** Runs `step` from so many lanes for the time given: how often it ran a second, and how long a run took. */
async function measure(what: string, inFlight: number, step: (number: number) => Promise<unknown>): Promise<void> {
  const took: number[] = []
  const until = performance.now() + SECONDS * 1000
  let next = 0
  const lane = async () => {
    for (let started = performance.now(); started < until; started = performance.now()) {
      await step(next++)
      took.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  const sorted = Float64Array.from(took).sort()
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
  const rate = Math.round(took.length / SECONDS).toLocaleString('en')
  process.stdout.write(`${what.padEnd(52)} ${rate.padStart(8)}/s  p99 ${p99.toFixed(2)} ms\n`)
}

function post(port: number, number: number, agent: Agent | false): Promise<number> {
  const { trigger, headers, body } = callAt(number)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const path = `/triggers/${trigger}`
  const sent = request({ port, host: '127.0.0.1', path, method: 'POST', headers, agent }, (answer) => {
    answer.resume().once('end', () => resolve(answer.statusCode ?? 0))
  })
  sent.once('error', reject).end(body)
  return promise
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
  await measure('parsed, journalled, synced', IN_FLIGHT, async (number) => {
    for (const record of recordsOf(number)) await journal.append(record)
  })
  await measure('the same through the door, without HTTP', IN_FLIGHT, async (number) => {
    const { trigger, headers, body } = callAt(number)
    const length = { 'content-length': String(body.byteLength) }
    await door.request(`/triggers/${trigger}`, { method: 'POST', headers: { ...headers, ...length }, body })
  })
  {
    await using served = await serve(door, { hostname: '127.0.0.1', port: 0 })
    const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
    await measure('the same over HTTP, kept connections, client too', IN_FLIGHT, (n) => post(served.port, n, agent))
    agent.destroy()
    await measure('the same over HTTP, a connection each, client too', IN_FLIGHT, (n) => post(served.port, n, false))
  }
  await measure('parsed alone', 1, async (number) => recordsOf(number))
  const record = Buffer.alloc(700, 'x')
  await measure('appends alone', IN_FLIGHT, () => journal.append(record))
  const bare = await open(join(folder, 'bare'), 'w')
  const group = Buffer.alloc(708 * IN_FLIGHT, 'x')
  await measure(`bare writes of ${IN_FLIGHT} records + sync`, 1, async () => {
    await bare.write(group)
    await bare.datasync()
  })
  await bare.close()
}
await rm(folder, { recursive: true })
