import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouse, openClickHouse } from '../../../shared/clickhouse/client.ts'
import { ensureDatabase, migrate as migrateClickHouse } from '../../../shared/clickhouse/migrate.ts'
import { ensureRole, migrate } from '../../../shared/postgres/migrate.ts'
import { openPool } from '../../../shared/postgres/pool.ts'
import { freePort } from '../../../shared/testing/port.ts'
import { startClickHouse } from '../clickhouse/start.ts'
import { startPostgresProxy } from '../postgres/proxy.ts'
import { startPostgres } from '../postgres/server.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { createPart, type Part } from './part.ts'

/** Who talks to whom, over TCP. */
export const pairs = [
  'mist-helmsman',
  'helmsman-decklog',
  'decklog-control-plane',
  'decklog-event-log',
  'ingest-clickhouse',
  'ingest-postgres',
] as const
export type Pair = (typeof pairs)[number]

interface PipelineOptions {
  /** The ports of a real Kafka, by who calls them; else the event log is in Postgres. */
  kafka?: { decklog: number; ingest: number }
  /** Puts something between a pair: answers the port to call in place of `port`. */
  between?: (pair: Pair, port: number) => Promise<number>
}

/** The path of an event as real processes, with the control plane's answers beside it. */
export interface Pipeline extends AsyncDisposable {
  helmsman: Part
  decklog: Part
  ingest: Part
  /** Where MistServer calls Helmsman. */
  door: string
  postgres: { kill(): Promise<void>; start(): Promise<void> }
  plane: ControlPlane
  clickhouse: ClickHouse
}

const PASSWORD = 'test'
const DATABASE = 'pipeline'
const root = new URL('../../../', import.meta.url)
const SERVICE = new URL('./service-process.ts', import.meta.url)
const RESTARTS_MAX = 50
const RESTART_PAUSE_MS = 200

export async function startPipeline(options: PipelineOptions = {}): Promise<Pipeline> {
  const { kafka, between = async (_: Pair, port: number) => port } = options
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'frameworks-pipeline-'))
  await chmod(folder, 0o755)
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const plane = stack.use(await startControlPlane())
  const target = await startStore(join(folder, 'clickhouse'), stack)
  const clickhouse = stack.use(openClickHouse(target))
  const { postgres, urlOf, proxyPort } = await startDatabase(join(folder, 'postgres', 'data'), stack)

  const at = async (pair: Pair, port: number) => `http://127.0.0.1:${await between(pair, port)}`
  const ports = { helmsman: await freePort(), decklog: await freePort(), ingest: await freePort() }
  const planeUrl = await at('decklog-control-plane', plane.port)
  const eventLogOf = (service: 'decklog' | 'ingest'): Record<string, string> =>
    kafka ? { KAFKA_BROKERS: `127.0.0.1:${kafka[service]}` } : { EVENT_LOG_URL: urlOf('event_log') }
  const decklog = stack.use(
    createPart({
      program: SERVICE,
      port: ports.decklog,
      env: {
        PIPELINE_SERVICE: 'decklog',
        PIPELINE_PORT: String(ports.decklog),
        COMMODORE_URL: planeUrl,
        QUARTERMASTER_URL: planeUrl,
        IDENTITY_KEY: JSON.stringify(plane.identities.keyOf('decklog')),
        DATABASE_WS_PROXY: `127.0.0.1:${await between('decklog-event-log', proxyPort)}`,
        ...eventLogOf('decklog'),
      },
    }),
  )
  const ingest = stack.use(
    createPart({
      program: SERVICE,
      port: ports.ingest,
      env: {
        PIPELINE_SERVICE: 'periscope-ingest',
        PIPELINE_PORT: String(ports.ingest),
        CLICKHOUSE_URL: await at('ingest-clickhouse', Number(new URL(target.url).port)),
        CLICKHOUSE_USER: target.user,
        CLICKHOUSE_PASSWORD: target.password,
        CLICKHOUSE_DATABASE: target.database,
        DATABASE_URL: urlOf('periscope'),
        DATABASE_WS_PROXY: `127.0.0.1:${await between('ingest-postgres', proxyPort)}`,
        ...eventLogOf('ingest'),
      },
    }),
  )
  const helmsman = stack.use(
    createPart({
      program: new URL('node-sidecar/main.ts', root),
      port: ports.helmsman,
      env: {
        COMMODORE_URL: `http://127.0.0.1:${plane.port}`,
        QUARTERMASTER_URL: `http://127.0.0.1:${plane.port}`,
        DECKLOG_URL: await at('helmsman-decklog', ports.decklog),
        MIST_URL: 'http://127.0.0.1:1',
        HELMSMAN_STATE_PATH: join(folder, 'helmsman'),
        HELMSMAN_PORT: String(ports.helmsman),
        ENROLMENT_TOKEN: 'en_test',
        LOG_LEVEL: 'error',
      },
    }),
  )
  for (const part of [decklog, ingest, helmsman]) await part.start()
  const owned = stack.move()
  const door = await at('mist-helmsman', ports.helmsman)
  return {
    helmsman,
    decklog,
    ingest,
    door,
    postgres,
    plane,
    clickhouse,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

async function startStore(dataPath: string, stack: AsyncDisposableStack) {
  const { url, user, password } = stack.use(await startClickHouse({ dataPath, password: PASSWORD }))
  const target = { url, user, password, database: DATABASE }
  await ensureDatabase(target)
  await using clickhouse = openClickHouse(target)
  await migrateClickHouse(clickhouse, new URL('functions/periscope-ingest/migrations/clickhouse/', root))
  return target
}

/** A durable Postgres that can be killed and started again over its data. */
async function startDatabase(dataPath: string, stack: AsyncDisposableStack) {
  const port = await freePort()
  const start = () => startPostgres({ dataPath, port, password: PASSWORD })
  let server = await start()
  stack.defer(() => server[Symbol.asyncDispose]())
  const proxy = stack.use(await startPostgresProxy({ host: '127.0.0.1', port }))
  const pool = openPool(server.url('postgres'), { wsProxy: proxy.address })
  const schemas = {
    periscope: 'functions/periscope-ingest/migrations/postgres/',
    event_log: 'shared/kafka/postgres/migrations/',
  }
  for (const [schema, folder] of Object.entries(schemas)) {
    await ensureRole(pool, schema, PASSWORD)
    await migrate({ pool, schema, folder: new URL(folder, root) })
  }
  await pool.end()
  return {
    urlOf: (role: string) => server.url('postgres').replace('//postgres:', `//${role}:`),
    proxyPort: Number(proxy.address.split(':')[1]),
    postgres: {
      kill: async () => {
        process.kill(server.pid, 'SIGKILL')
      },
      start: async () => {
        server = await patiently(start)
      },
    },
  }
}

/** What a killed server leaves behind, its workers say, must be gone first. */
async function patiently<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (attempt === RESTARTS_MAX) throw error
    }
    await sleep(RESTART_PAUSE_MS)
  }
}
