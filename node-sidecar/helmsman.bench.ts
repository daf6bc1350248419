// Notices taken in a second: read, made into events, journalled, synced and answered; beside the parts alone.
//   node node-sidecar/helmsman.bench.ts [seconds]
import { execFile } from 'node:child_process'
import { mkdtemp, open, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Hono } from 'hono'
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
import { createHttpDoor } from './mist/http-door.ts'
import { decodePayload, isTriggerName, parseTrigger } from './mist/triggers/trigger.ts'
import { systemUptime } from './moment.ts'
import { serve } from './serve.ts'
import { Publishers } from './sources/publishers.ts'
import { callAt } from './testing/calls.ts'
import { type Measured, measure, offer } from './testing/measure.ts'

const SECONDS = Number(process.argv[2] ?? 3)
const IN_FLIGHT = 64
/** Triggers a second that a busy host may have. */
const OFFERED = [1_000, 5_000]
const node_id = 'nod_bench'
const log = createLog('helmsman')

function recordsOf(number: number): Buffer[] {
  const { trigger, headers, body } = callAt(number)
  if (!isTriggerName(trigger)) return []
  const payload = decodePayload(body)
  const firing = readFiring(trigger, (name) => headers[name], payload, { node_id, now: new Date() })
  return toEvents(parseTrigger(trigger, payload), firing).map((event) => Buffer.from(JSON.stringify(event)))
}

/** Prints what was measured, and what it would come to if we had a processor to ourselves. */
async function show(what: string, run: () => Promise<Measured>): Promise<void> {
  const before = process.cpuUsage()
  const { rate, p50_ms, p99_ms } = await run()
  const { user, system } = process.cpuUsage(before)
  const shown = (value: number) => Math.round(value).toLocaleString('en').padStart(8)
  const perCore = (rate * SECONDS * 1e6) / (user + system)
  const times = `p50 ${p50_ms.toFixed(2)} ms, p99 ${p99_ms.toFixed(2)} ms`
  process.stdout.write(`${what.padEnd(48)} ${shown(rate)}/s, ${shown(perCore)} a second of processor, ${times}\n`)
}

const program = fileURLToPath(new URL('testing/fire-triggers.ts', import.meta.url))

/** Has another process fire triggers at a door. */
async function fire(port: number, ...how: (string | number)[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, port, SECONDS, ...how].map(String))
  return JSON.parse(stdout) as Measured
}

/** Node's HTTP with nothing behind it. */
const bare: RequestListener = (request, response) => {
  request.resume().once('end', () => response.writeHead(200, { 'content-length': 2 }).end('OK'))
}

const folder = await mkdtemp(join(tmpdir(), 'helmsman-bench-'))
{
  await using journal = await Journal.open({ folder: join(folder, 'journal'), log, bytesMax: 2 ** 40 })
  const commodore = { service: 'commodore', baseUrl: new URL('http://127.0.0.1:1') }
  const door = createDoor({
    node_id,
    gate: new Gate({ commodore, clock: systemClock, uptime: systemUptime, log }),
    publishers: new Publishers(async () => new Map()),
    journal,
    record: (events) => recordEvents(journal, events),
    deadLetters: new DeadLetters(join(folder, 'dead-letters.jsonl')),
    metrics: createMetrics(new Registry()),
    clock: systemClock,
    uptime: systemUptime,
    log,
  })
  const record = Buffer.alloc(700, 'x')
  const append = () => journal.append(record)
  const take = async (number: number) => {
    const { trigger, headers, body } = callAt(number)
    await door.take({ path: trigger, header: (name) => headers[name], bytes: body })
  }
  await show('read alone', () => measure(SECONDS, 1, async (number) => recordsOf(number)))
  await show('appends alone, group-committed', () => measure(SECONDS, IN_FLIGHT, append))
  await show('through the door, without HTTP', () => measure(SECONDS, IN_FLIGHT, take))
  const listen = (triggers: RequestListener) => serve(new Hono(), { hostname: '127.0.0.1', port: 0, triggers })
  {
    await using ours = await listen(createHttpDoor({ door }))
    await using ok = await listen(bare)
    const doors = [
      ['the door', ours.port],
      ['bare node:http', ok.port],
    ] as const
    for (const connections of ['kept', 'each']) {
      for (const [name, port] of doors) {
        await show(`${name}, ${connections}, ${IN_FLIGHT} in flight`, () => fire(port, connections, IN_FLIGHT))
      }
    }
    for (const rate of OFFERED) {
      await show(`appends alone, ${rate}/s offered`, () => offer(SECONDS, rate, append))
      for (const connections of ['kept', 'each']) {
        for (const [name, port] of doors) {
          await show(`${name}, ${connections}, ${rate}/s offered`, () => fire(port, connections, 'offered', rate))
        }
      }
    }
  }
  const file = await open(join(folder, 'bare'), 'w')
  const group = Buffer.alloc(708 * IN_FLIGHT, 'x')
  await show(`bare writes of ${IN_FLIGHT} records + sync`, () =>
    measure(SECONDS, 1, async () => {
      await file.write(group)
      await file.datasync()
    }),
  )
  await file.close()
}
await rm(folder, { recursive: true })
