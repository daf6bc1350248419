import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import type { z } from 'zod'
import { resolveName } from '../shared/addresses/look-up.ts'
import { type Client, call } from '../shared/client/client.ts'
import type { Clock } from '../shared/clock.ts'
import { type Heartbeat, sendHeartbeat } from '../shared/contract/foghorn.ts'
import type { SentEvent } from '../shared/events/envelope.ts'
import { toFault } from '../shared/fault.ts'
import type { Log } from '../shared/log.ts'
import { Channel } from './commands/channel.ts'
import { CommandMemory } from './commands/command-memory.ts'
import { CommandRunner } from './commands/command-runner.ts'
import { execute } from './commands/execute.ts'
import { Gate } from './control-plane/gate.ts'
import { DeadLetters } from './journal/dead-letters.ts'
import { Journal, type JournalOptions } from './journal/journal.ts'
import { makeFolder } from './journal/make-folder.ts'
import { recordEvents } from './journal/record-events.ts'
import { createMetrics } from './metrics.ts'
import type { MistApi } from './mist/api.ts'
import { createDoor } from './mist/door.ts'
import { Watch } from './mist/watch.ts'
import type { Uptime } from './moment.ts'
import { Pushes } from './pushes/pushes.ts'
import { Reconciler } from './reconcile/reconciler.ts'
import type { Publish } from './ship/decklog.ts'
import { Shipper } from './ship/shipper.ts'
import { sourceUrlAt } from './sources/door.ts'
import { endReplica } from './sources/end-replica.ts'
import { readOrigins } from './sources/origins.ts'
import { Publishers } from './sources/publishers.ts'

/** How long a stop waits for the journal to be taken; what is left is sent after the next start. */
export const DRAIN_TIMEOUT_MS = 5_000

export type Foghorn = Client & { token: () => Promise<string> }

interface AssembleOptions {
  node_id: string
  /** The folder of everything that outlives the process. */
  statePath: string
  api: MistApi
  commodore: Client
  publish: Publish
  /** Sends viewers and commands, and knows where streams are; none of that without it. */
  foghorn: Foghorn | undefined
  /** By what name viewers reach this host; none are sent without it. */
  host: string | undefined
  isMediaHost: (address: string) => boolean
  registry: Registry
  clock: Clock
  uptime: Uptime
  /** Which start of the machine this is; null when it is not known. */
  boot: string | null
  log: Log
  journalLimits?: Pick<JournalOptions, 'bytesMax' | 'segmentBytesMax'>
  batchEventsMax?: number
}

/** Helmsman's parts, wired to each other and at rest; disposing of them stops and drains them. Throws when the folder is taken. */
export async function assemble(options: AssembleOptions) {
  const { node_id, statePath, api, commodore, publish, foghorn, host, isMediaHost } = options
  const { registry, clock, uptime, boot, log, journalLimits, batchEventsMax } = options
  await makeFolder(statePath)
  await using stack = new AsyncDisposableStack()
  const metrics = createMetrics(registry)
  const journal = stack.use(await Journal.open({ folder: join(statePath, 'journal'), log, ...journalLimits }))
  const reconciler = await Reconciler.open({ node_id, path: join(statePath, 'open.json'), journal, boot, uptime, log })
  const deadLetters = new DeadLetters(join(statePath, 'dead-letters.jsonl'))
  const common = { node_id, journal, reconciler, deadLetters, metrics, clock, uptime, log }

  const shipper = stack.use(new Shipper({ ...common, publish, ...(batchEventsMax && { batchEventsMax }) }))
  stack.defer(() => drainBriefly(shipper))
  const gate = new Gate({ commodore, clock, uptime, log })
  const publishers = new Publishers(() => readOrigins(api))
  const record = (events: readonly SentEvent[]) => recordEvents(journal, events)
  const pushes = stack.use(new Pushes({ ...common, api, publishers, record, resolve: resolveName }))
  const memory = await CommandMemory.open({ path: join(statePath, 'commands.json'), clock, log })
  const drain = async (on: boolean) => {
    await memory.setDraining(on)
    watch.drain(on)
  }
  const work = { api, gate, pushes, drain, streamChanged: () => watch.streamChanged() }
  const runner = new CommandRunner({ memory, execute: (command) => execute(work, command), uptime, log })
  const channel = foghorn && stack.use(new Channel({ ...common, foghorn, run: (told) => runner.run(told) }))
  const heartbeats = foghorn &&
    channel &&
    host !== undefined && {
      foghorn: { host, beat: (heartbeat: z.input<typeof Heartbeat>) => beat(node_id, channel, foghorn, heartbeat) },
    }
  const watch = stack.use(new Watch({ ...common, api, publishers, draining: memory.draining, ...heartbeats }))
  const at: { url?: URL } = {}
  const door = createDoor({
    ...common,
    gate,
    publishers,
    isMediaHost,
    sourceUrl: () => foghorn && at.url && sourceUrlAt(at.url),
    record: (events) => reconciler.journal(events),
    makeRoom: (runtime_name) => endReplica(api, log, runtime_name),
    onStreamChange: work.streamChanged,
    onPushChange: () => pushes.wake(),
  })
  const owned = stack.move()
  return {
    ...{ journal, reconciler, deadLetters, metrics, shipper, gate, publishers, watch, door },
    /** Begins; `url` is where MistServer reaches the door. */
    start: (url: URL) => {
      at.url = url
      shipper.start()
      watch.start(url)
      pushes.start()
      channel?.start()
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Through the channel; while there is none, by a request of its own. */
async function beat(node_id: string, channel: Channel, foghorn: Client, heartbeat: z.input<typeof Heartbeat>) {
  if (await channel.beat(heartbeat)) return
  try {
    await call(foghorn, sendHeartbeat, { node_id, ...heartbeat })
  } catch (error) {
    // The channel brought it there, and only the answer did not come back.
    if (toFault(error).reason !== 'heartbeat_replayed') throw error
  }
}

async function drainBriefly(shipper: Shipper): Promise<void> {
  const given = new AbortController()
  const late = sleep(DRAIN_TIMEOUT_MS, undefined, { signal: given.signal }).catch(() => undefined)
  await Promise.race([shipper.drained(), late])
  given.abort()
}
