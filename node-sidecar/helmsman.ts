import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { Registry } from 'prom-client'
import type { z } from 'zod'
import { resolveName } from '../shared/addresses/look-up.ts'
import { isWithin } from '../shared/addresses/range.ts'
import { type Client, call } from '../shared/client/client.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { type Heartbeat, sendHeartbeat } from '../shared/contract/foghorn.ts'
import type { SentEvent } from '../shared/events/envelope.ts'
import { Fault, toFault } from '../shared/fault.ts'
import { createLog, type Log } from '../shared/log.ts'
import { backoffMs } from './backoff.ts'
import { Channel } from './commands/channel.ts'
import { CommandMemory } from './commands/command-memory.ts'
import { CommandRunner } from './commands/command-runner.ts'
import { execute } from './commands/execute.ts'
import type { HelmsmanSettings } from './config.ts'
import { Gate } from './control-plane/gate.ts'
import { enrol, type NodeIdentity } from './identity/enrol.ts'
import { createNodeTokens } from './identity/node-tokens.ts'
import { DeadLetters } from './journal/dead-letters.ts'
import { Journal } from './journal/journal.ts'
import { makeFolder } from './journal/make-folder.ts'
import { recordEvents } from './journal/record-events.ts'
import { createMetrics } from './metrics.ts'
import { MistApi } from './mist/api.ts'
import { createDoor } from './mist/door.ts'
import { Watch } from './mist/watch.ts'
import { createOperations } from './operations.ts'
import { Pushes } from './pushes/pushes.ts'
import { Reconciler } from './reconcile/reconciler.ts'
import { peerOf, serve } from './serve.ts'
import { connectDecklog } from './ship/decklog.ts'
import { Shipper } from './ship/shipper.ts'
import { createSourceDoor, sourceUrlAt } from './sources/door.ts'
import { endReplica } from './sources/end-replica.ts'
import { readOrigins } from './sources/origins.ts'
import { Publishers } from './sources/publishers.ts'
import { Sources } from './sources/sources.ts'

/** How long a stop waits for the journal to be taken; what is left is sent after the next start. */
export const DRAIN_TIMEOUT_MS = 5_000

export interface Helmsman extends AsyncDisposable {
  url: URL
  node_id: string
  cluster_id: string
  /** Resolves once everything that is journalled now has been taken by Decklog. */
  drained(): Promise<void>
}

interface StartOptions {
  clock?: Clock
  /** Gives up waiting for the control plane to enrol this host. */
  signal?: AbortSignal
}

/** Starts Helmsman; disposing of it stops and drains it. Throws when the host cannot be enrolled, or a port or folder is taken. */
export async function start(settings: HelmsmanSettings, options: StartOptions = {}): Promise<Helmsman> {
  const { config } = settings
  const { clock = systemClock, signal } = options
  const log = createLog('helmsman')
  await makeFolder(config.HELMSMAN_STATE_PATH)
  const identity = await enrolPatiently(settings, log, signal)
  const { node_id, cluster_id } = identity

  await using stack = new AsyncDisposableStack()
  const registry = new Registry()
  registry.setDefaultLabels({ service: 'helmsman' })
  const metrics = createMetrics(registry)
  const journal = stack.use(await Journal.open({ folder: join(config.HELMSMAN_STATE_PATH, 'journal'), log }))
  const path = join(config.HELMSMAN_STATE_PATH, 'open.json')
  const reconciler = await Reconciler.open({ node_id, path, journal, log })
  const deadLetters = new DeadLetters(join(config.HELMSMAN_STATE_PATH, 'dead-letters.jsonl'))
  const token = createNodeTokens({ ...identity, quartermaster: quartermasterOf(settings), clock })
  const common = { node_id, journal, reconciler, deadLetters, metrics, registry, clock, log }

  const shipper = stack.use(new Shipper({ ...common, publish: connectDecklog({ url: config.DECKLOG_URL, token }) }))
  stack.defer(() => drainBriefly(shipper))
  const gate = new Gate({ commodore: { service: 'commodore', baseUrl: config.COMMODORE_URL, token }, clock, log })
  const api = mistOf(settings)
  const publishers = new Publishers(() => readOrigins(api))
  const record = (events: readonly SentEvent[]) => recordEvents(journal, events)
  const pushes = stack.use(new Pushes({ ...common, api, publishers, record, resolve: resolveName }))
  const memory = await CommandMemory.open({ path: join(config.HELMSMAN_STATE_PATH, 'commands.json'), clock, log })
  const drain = async (on: boolean) => {
    await memory.setDraining(on)
    watch.drain(on)
  }
  const work = { api, gate, pushes, drain, streamChanged: () => watch.streamChanged() }
  const runner = new CommandRunner({ memory, execute: (command) => execute(work, command), clock, log })
  const foghorn = foghornOf(settings, token)
  const channel = foghorn && stack.use(new Channel({ ...common, foghorn, run: (told) => runner.run(told) }))
  const heartbeats =
    foghorn && channel && heartbeatsOf(settings, (heartbeat) => beat(node_id, channel, foghorn, heartbeat))
  const watch = stack.use(new Watch({ ...common, api, publishers, draining: memory.draining, ...heartbeats }))
  const at = { url: config.HELMSMAN_DOOR_URL }
  const local = { gate, publishers, peerOf, allowRemote: config.HELMSMAN_ALLOW_REMOTE }
  const door = createDoor({
    ...common,
    ...local,
    sourceUrl: () => foghorn && at.url && sourceUrlAt(at.url),
    record: (events) => reconciler.journal(events),
    isMediaHost: (address) => config.MEDIA_HOSTS.some((range) => isWithin(address, range)),
    makeRoom: (runtime_name) => endReplica(api, log, runtime_name),
    onStreamChange: work.streamChanged,
    onPushChange: () => pushes.wake(),
  })
  const app = new Hono().route('/', door).route('/', createOperations({ ...common, shipper, watch, peerOf }))
  if (foghorn) app.route('/', createSourceDoor({ ...local, sources: new Sources({ foghorn, clock, log }) }))
  const { port } = stack.use(await serve(app, { hostname: config.HELMSMAN_BIND, port: config.HELMSMAN_PORT }))
  const url = new URL(`http://127.0.0.1:${port}`)
  at.url ??= url

  shipper.start()
  watch.start(at.url)
  pushes.start()
  channel?.start()
  log.info('Helmsman answers at {url}', { url: url.href, node_id, cluster_id })
  const owned = stack.move()
  return {
    url,
    node_id,
    cluster_id,
    drained: () => shipper.drained(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A host may come up before the control plane does. */
async function enrolPatiently(settings: HelmsmanSettings, log: Log, signal?: AbortSignal): Promise<NodeIdentity> {
  const { config, secrets } = settings
  const { NODE_NAME: name, NODE_ADDRESS: address, NODE_LOCATION: location } = config
  const path = join(config.HELMSMAN_STATE_PATH, 'node.json')
  const node = { name, ...(address && { address }), ...(location && { location }) }
  for (let failures = 1; ; failures++) {
    try {
      return await enrol({ quartermaster: quartermasterOf(settings), path, token: secrets.ENROLMENT_TOKEN, node, log })
    } catch (error) {
      if (!(error instanceof Fault) || !error.retry) throw error
      log.warn('cannot enrol yet', { code: error.reason })
      await sleep(backoffMs(failures), undefined, { ...(signal && { signal }) })
    }
  }
}

function quartermasterOf({ config }: HelmsmanSettings): Client {
  return { service: 'quartermaster', baseUrl: config.QUARTERMASTER_URL }
}

function mistOf({ config, secrets }: HelmsmanSettings): MistApi {
  const { MIST_URL: url, MIST_USERNAME: username } = config
  const { MIST_PASSWORD: password } = secrets
  return new MistApi({ url, ...(username && password && { account: { username, password } }) })
}

function foghornOf({ config }: HelmsmanSettings, token: () => Promise<string>) {
  return config.FOGHORN_URL && { service: 'foghorn', baseUrl: config.FOGHORN_URL, token }
}

/** Viewers are sent to a host by its address: one without an address gets none. */
function heartbeatsOf({ config }: HelmsmanSettings, beat: (heartbeat: z.input<typeof Heartbeat>) => Promise<void>) {
  return config.NODE_ADDRESS === undefined ? {} : { foghorn: { host: new URL(config.NODE_ADDRESS).hostname, beat } }
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
