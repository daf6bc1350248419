// What Helmsman takes of a host by how many streams are on it: memory, time of its polls, journal; and how fast triggers are then taken.
//   node node-sidecar/growth.bench.ts [streams]
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Registry } from 'prom-client'
import { systemClock } from '../shared/clock.ts'
import { HEARTBEAT_INTERVAL_MS } from '../shared/contract/foghorn.ts'
import { createLog } from '../shared/log.ts'
import { assemble } from './assemble.ts'
import { MistApi } from './mist/api.ts'
import { CLIENTS_POLL_INTERVAL_MS } from './mist/polls/clients.ts'
import { NODE_POLL_INTERVAL_MS } from './mist/polls/node.ts'
import { STREAMS_POLL_INTERVAL_MS } from './mist/polls/streams.ts'
import { readBoot, systemUptime } from './moment.ts'
import { callAt } from './testing/calls.ts'
import { measure } from './testing/measure.ts'

const STREAMS = [100, 1_000, 10_000]
const ROUNDS = 5
const DOOR = new URL('http://127.0.0.1:18007')
const TRIGGERS_SECONDS = 2
const MIB = 2 ** 20
const [streams] = process.argv.slice(2)

if (streams === undefined) {
  for (const count of STREAMS) {
    const args = ['--expose-gc', fileURLToPath(import.meta.url), String(count)]
    process.stdout.write((await promisify(execFile)(process.execPath, args)).stdout)
  }
} else {
  await show(Number(streams))
}

async function show(count: number): Promise<void> {
  const program = fileURLToPath(new URL('testing/crowded-mist.ts', import.meta.url))
  const mist = spawn(process.execPath, [program, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(mist.stdout, 'data')
  const url = new URL(`http://127.0.0.1:${String(port).trim()}`)
  const folder = await mkdtemp(join(tmpdir(), 'helmsman-growth-'))
  {
    await using parts = await assemble({
      node_id: 'nod_bench',
      statePath: folder,
      api: new MistApi({ url }),
      commodore: { service: 'commodore', baseUrl: url },
      publish: async (events) => events.map(({ event_id }) => ({ event_id, accepted: true })),
      foghorn: { service: 'foghorn', baseUrl: url, token: async () => 'token' },
      host: 'edge1.example',
      isMediaHost: () => false,
      registry: new Registry(),
      clock: systemClock,
      uptime: systemUptime,
      boot: await readBoot(),
      log: createLog('helmsman'),
    })
    const empty = memoryMib()
    parts.start(DOOR)
    const { watch, journal } = parts
    const polls: [string, number, () => Promise<void>][] = [
      ['node', NODE_POLL_INTERVAL_MS, () => watch.pollNode()],
      ['streams', STREAMS_POLL_INTERVAL_MS, () => watch.pollStreams()],
      ['clients', CLIENTS_POLL_INTERVAL_MS, () => watch.pollClients()],
      ['heartbeat', HEARTBEAT_INTERVAL_MS, () => watch.beat()],
    ]
    for (const [, , poll] of polls) await poll()
    const spent: string[] = []
    let share = 0
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const from = journal.end
    for (const [name, intervalMs, poll] of polls) {
      const before = process.cpuUsage()
      for (let round = 0; round < ROUNDS; round++) await poll()
      await parts.shipper.drained()
      const { user, system } = process.cpuUsage(before)
      const ms = (user + system) / 1000 / ROUNDS
      share += ms / intervalMs
      spent.push(`${name} ${ms.toFixed(1)} ms`)
    }
    delay.disable()
    const journalled = (journal.end - from) / ROUNDS
    const full = memoryMib()
    const { rate, p99_ms } = await measure(TRIGGERS_SECONDS, 64, async (number) => {
      const { trigger, headers, body } = callAt(number)
      await parts.door.take({ path: trigger, header: (name) => headers[name], bytes: body })
    })
    process.stdout.write(
      `${count.toLocaleString('en')} streams: ${spent.join(', ')} of processor a time, shipping included, ${(share * 100).toFixed(2)} % of one; ` +
        `longest stop ${(delay.max / 1e6).toFixed(0)} ms; heap ${empty.heap} to ${full.heap} MiB, resident ${full.resident} MiB; ` +
        `${(journalled / MIB).toFixed(2)} MiB journalled a round; ${Math.round(rate).toLocaleString('en')} triggers/s, p99 ${p99_ms.toFixed(2)} ms\n`,
    )
  }
  mist.kill()
  await rm(folder, { recursive: true })
}

function memoryMib() {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: Math.round(heapUsed / MIB), resident: Math.round(rss / MIB) }
}
