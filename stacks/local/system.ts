import { join, resolve } from 'node:path'
import { openPool } from '../../shared/postgres/pool.ts'
import type { EdgeWorkerName } from '../edge-workers.ts'
import { createDemo } from './demo.ts'
import { startEdgeProcess } from './edge/process.ts'
import { postgresPath, startEngines } from './engines.ts'
import { createFrontDoor } from './front-door.ts'
import { startHelmsman } from './helmsman.ts'
import type { MediaHost } from './media-host/media-host.ts'
import { type Ports, portsAt, requireFree } from './ports.ts'
import { stopLeftBehind } from './postgres/server.ts'
import type { Progress } from './progress.ts'
import { migrateAll } from './schema.ts'
import { loadSecrets } from './secrets.ts'
import { serve } from './serve.ts'
import { registered, startServices, urlAt } from './services.ts'
import { startStandIn } from './stand-in.ts'
import { type Demo, findRunning, type LocalState, readDemo, removeState, writeDemo, writeState } from './state.ts'

export interface SystemOptions {
  /** Folder of all data and secrets, e.g. `.local`. */
  statePath: string
  portOffset: number
  /** API of a real MistServer; without it a stand-in plays the media host. */
  mist: string | undefined
  /** Least level that Helmsman and the edge, processes of their own, log. */
  level: string
  /** Of the stand-in's randomness. */
  seed: number
  env: NodeJS.ProcessEnv
  progress: Progress
}

export interface System extends AsyncDisposable {
  state: LocalState
  /** The media host's stand-in; absent with a real MistServer. */
  standIn: MediaHost | undefined
}

/** MistServer's own default for viewers over HTTP. */
const MIST_HTTP_PORT = 8080

/** Brings up the whole platform on this machine, in the order in which the parts need each other. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { portOffset, env, progress, mist } = options
  const statePath = resolve(options.statePath)
  const running = await findRunning(statePath)
  if (running) throw new Error(`The system already runs, at ${running}.`)
  // Before anything starts: what an earlier start left may be damaged.
  const secrets = await loadSecrets(statePath)
  const kept = await readDemo(statePath)
  const ports = portsAt(portOffset)
  if (!env.DATABASE_URL) await stopLeftBehind(postgresPath(statePath))
  await requireFree(neededPorts(ports, env, mist))
  await using stack = new AsyncDisposableStack()
  const engines = await startEngines({ statePath, ports, secrets, env, progress, stack })
  const databases = await progress.step('Schemas', () => migrateAll(engines, secrets))
  const { kafkaBrokers } = engines
  const mailFolder = join(statePath, 'mail')
  await progress.step('Functions', () => startServices({ ports, secrets, databases, kafkaBrokers, mailFolder, stack }))
  await progress.step('Edge workers', async () => {
    const start = async (worker: EdgeWorkerName, folder: string, more: Record<string, string> = {}) => {
      const bindings = {
        COMMODORE_URL: urlAt(ports.commodore),
        QUARTERMASTER_URL: urlAt(ports.quartermaster),
        ...registered(ports[worker]),
        IDENTITY_KEY: JSON.stringify(secrets.keys[worker]),
        ...more,
      }
      const dataPath = join(statePath, folder)
      return startEdgeProcess({ worker, port: ports[worker], dataPath, bindings, level: options.level })
    }
    const [foghorn, signalman] = await Promise.all([
      start('foghorn', 'edge', { DECKLOG_URL: urlAt(ports.decklog) }),
      start('signalman', 'signalman'),
    ])
    stack.use(foghorn)
    stack.use(signalman)
  })
  const services = servicesAt(ports)
  stack.use(await serve(createFrontDoor(services, { mailFolder }), ports['front-door']))
  const demo = kept ?? (await progress.step('Demo tenant', () => firstDemo(engines.postgres)))
  const standIn = mist ? undefined : stack.use(await startStandIn(ports, options.seed))
  const mediaHost = mist
    ? { mist, viewerAddress: `http://${new URL(mist).hostname}:${MIST_HTTP_PORT}` }
    : { mist: urlAt(ports['media-host-api']), viewerAddress: urlAt(ports['media-host-http']) }
  await progress.step('Helmsman', async () => {
    stack.use(await startHelmsman({ ports, statePath, ...mediaHost, demo, level: options.level }))
  })
  const state: LocalState = {
    pid: process.pid,
    base_url: urlAt(ports['front-door']),
    services: { ...named(services), media_host: mediaHost.viewerAddress },
    ...demo,
  }
  stack.defer(() => removeState(statePath))
  await writeState(statePath, state)
  const owned = stack.move()
  return { state, standIn, [Symbol.asyncDispose]: () => owned.disposeAsync() }

  async function firstDemo({ ownerUrl, wsProxy }: (typeof engines)['postgres']): Promise<Demo> {
    const owner = openPool(ownerUrl, { wsProxy })
    try {
      const { commodore: commodoreUrl, quartermaster: quartermasterUrl } = services
      const inboxUrl = `${urlAt(ports['front-door'])}/inbox`
      const made = await createDemo({
        commodoreUrl,
        quartermasterUrl,
        inboxUrl,
        owner,
        password: secrets.demo_password,
      })
      await writeDemo(statePath, made)
      return made
    } finally {
      await owner.end()
    }
  }
}

function servicesAt(ports: Ports) {
  return {
    commodore: urlAt(ports.commodore),
    quartermaster: urlAt(ports.quartermaster),
    'periscope-query': urlAt(ports['periscope-query']),
    'periscope-ingest': urlAt(ports['periscope-ingest']),
    decklog: urlAt(ports.decklog),
    foghorn: urlAt(ports.foghorn),
    signalman: urlAt(ports.signalman),
    helmsman: urlAt(ports.helmsman),
  }
}

/** Names as a JSON file has them. */
function named(services: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(services).map(([name, url]) => [name.replaceAll('-', '_'), url]))
}

/** Only the ports of what we start ourselves. */
function neededPorts(ports: Ports, env: NodeJS.ProcessEnv, mist: string | undefined): Partial<Ports> {
  const { postgres, clickhouse, 'media-host-api': api, 'media-host-http': http, ...always } = ports
  return {
    ...always,
    ...(!env.DATABASE_URL && { postgres }),
    ...(!env.CLICKHOUSE_URL && { clickhouse }),
    ...(!mist && { 'media-host-api': api, 'media-host-http': http }),
  }
}
