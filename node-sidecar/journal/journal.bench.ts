// Triggers parsed, made into events, journalled and synced in a second, beside the bare appends of the same bytes:
//   node node-sidecar/journal/journal.bench.ts [seconds]
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../shared/log.ts'
import { toEvents } from '../mist/events/to-events.ts'
import { readFiring } from '../mist/firing.ts'
import { decodePayload, isTriggerName, parseTrigger } from '../mist/triggers/trigger.ts'
import { readSession } from '../testing/recordings.ts'
import { Journal } from './journal.ts'

const SECONDS = Number(process.argv[2] ?? 5)
const IN_FLIGHT = 64
const node_id = 'nod_bench'

const calls = readSession()
  .filter(({ trigger }) => ['USER_END', 'STREAM_END', 'STREAM_BUFFER', 'PUSH_INPUT_CLOSE'].includes(trigger))
  .map(({ trigger, headers, body }) => ({
    trigger,
    headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: Buffer.from(body),
  }))

function recordsOf(number: number): Buffer[] {
  const call = calls[number % calls.length]
  if (call === undefined || !isTriggerName(call.trigger)) return []
  const payload = decodePayload(call.body)
  const firing = readFiring(call.trigger, (name) => call.headers.get(name), payload, { node_id, now: new Date() })
  return toEvents(parseTrigger(call.trigger, payload), firing).map((event) => Buffer.from(JSON.stringify(event)))
}

/** Runs `step` from `inFlight` lanes for the time given: how often it ran a second, and how long a run took. */
async function measure(inFlight: number, step: (number: number) => Promise<void>) {
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
  return `${Math.round(took.length / SECONDS).toLocaleString('en')}/s, p99 ${p99.toFixed(2)} ms`
}

const folder = await mkdtemp(join(tmpdir(), 'helmsman-bench-'))
{
  await using journal = await Journal.open({
    folder: join(folder, 'journal'),
    log: createLog('helmsman'),
    bytesMax: 2 ** 40,
  })
  const whole = await measure(IN_FLIGHT, async (number) => {
    for (const record of recordsOf(number)) await journal.append(record)
  })
  const record = Buffer.alloc(700, 'x')
  const alone = await measure(IN_FLIGHT, () => journal.append(record))
  const parsing = await measure(1, async (number) => void recordsOf(number))
  const bare = await open(join(folder, 'bare'), 'w')
  const group = Buffer.alloc(708 * IN_FLIGHT, 'x')
  const synced = await measure(1, async () => {
    await bare.write(group)
    await bare.datasync()
  })
  await bare.close()
  process.stdout.write(
    `parsed, journalled, synced   ${whole}\nappends alone                ${alone}\nparsed alone                 ${parsing}\n` +
      `bare writes of ${IN_FLIGHT} + sync    ${synced}\n`,
  )
}
await rm(folder, { recursive: true })
