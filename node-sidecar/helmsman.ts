import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { isWithin } from '../shared/addresses/range.ts'
import type { Client } from '../shared/client/client.ts'
import { type Clock, systemClock } from '../shared/clock.ts'
import { Fault } from '../shared/fault.ts'
import { createLog, type Log } from '../shared/log.ts'
import { assemble, type Foghorn } from './assemble.ts'
import { backoffMs } from './backoff.ts'
import type { HelmsmanSettings } from './config.ts'
import { enrol, type NodeIdentity } from './identity/enrol.ts'
import { createNodeTokens } from './identity/node-tokens.ts'
import { makeFolder } from './journal/make-folder.ts'
import { createRegistry } from './metrics.ts'
import { MistApi } from './mist/api.ts'
import { createHttpDoor } from './mist/http-door.ts'
import { readBoot, systemUptime } from './moment.ts'
import { createOperations } from './operations.ts'
import { peerOf, serve } from './serve.ts'
import { connectDecklog } from './ship/decklog.ts'
import { createSourceDoor } from './sources/door.ts'
import { Sources } from './sources/sources.ts'

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
  const registry = createRegistry()
  const token = createNodeTokens({ ...identity, quartermaster: quartermasterOf(settings), clock, uptime: systemUptime })
  const foghorn = foghornOf(settings, token)
  const parts = await assemble({
    node_id,
    statePath: config.HELMSMAN_STATE_PATH,
    api: mistOf(settings),
    commodore: { service: 'commodore', baseUrl: config.COMMODORE_URL, token },
    publish: connectDecklog({ url: config.DECKLOG_URL, token }),
    foghorn,
    host: config.NODE_ADDRESS && new URL(config.NODE_ADDRESS).hostname,
    isMediaHost: (address) => config.MEDIA_HOSTS.some((range) => isWithin(address, range)),
    registry,
    clock,
    uptime: systemUptime,
    boot: await readBoot(),
    log,
  })
  stack.use(parts)
  const local = { peerOf, allowRemote: config.HELMSMAN_ALLOW_REMOTE }
  const app = new Hono().route('/', createOperations({ ...parts, registry, clock, log, peerOf }))
  if (foghorn)
    app.route(
      '/',
      createSourceDoor({ ...parts, ...local, sources: new Sources({ foghorn, uptime: systemUptime, log }) }),
    )
  const triggers = createHttpDoor({ door: parts.door, allowRemote: local.allowRemote })
  const { HELMSMAN_BIND: hostname, HELMSMAN_PORT } = config
  const { port } = stack.use(await serve(app, { hostname, port: HELMSMAN_PORT, triggers }))
  const url = new URL(`http://127.0.0.1:${port}`)

  parts.start(config.HELMSMAN_DOOR_URL ?? url)
  log.info('Helmsman answers at {url}', { url: url.href, node_id, cluster_id })
  const owned = stack.move()
  return {
    url,
    node_id,
    cluster_id,
    drained: () => parts.shipper.drained(),
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

function foghornOf({ config }: HelmsmanSettings, token: () => Promise<string>): Foghorn | undefined {
  return config.FOGHORN_URL && { service: 'foghorn', baseUrl: config.FOGHORN_URL, token }
}
