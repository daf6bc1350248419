import { join } from 'node:path'
import { startClickHouse } from './clickhouse/start.ts'
import type { Ports } from './ports.ts'
import { startPostgresProxy } from './postgres/proxy.ts'
import { startPostgres } from './postgres/server.ts'
import type { Progress } from './progress.ts'
import type { Secrets } from './secrets.ts'

/** Where the stores are; each is embedded, or one of the user's own when its variable is set. */
export interface Engines {
  postgres: { ownerUrl: string; wsProxy: string | undefined }
  clickhouse: { url: string; user: string; password: string }
  /** `host:port,…` of a real Kafka; without one the event log is in Postgres. */
  kafkaBrokers: string | undefined
}

interface EngineOptions {
  statePath: string
  ports: Ports
  secrets: Secrets
  env: NodeJS.ProcessEnv
  progress: Progress
  stack: AsyncDisposableStack
}

/** Starts Postgres and ClickHouse, or takes those that `DATABASE_URL`, `CLICKHOUSE_URL` and `KAFKA_BROKERS` name. */
export async function startEngines(options: EngineOptions): Promise<Engines> {
  const { env, progress } = options
  const [postgres, clickhouse] = await Promise.all([
    env.DATABASE_URL ? ownPostgres(env.DATABASE_URL, options) : embeddedPostgres(options),
    env.CLICKHOUSE_URL ? ownClickHouse(env.CLICKHOUSE_URL, env) : embeddedClickHouse(options),
  ])
  if (env.KAFKA_BROKERS) progress.note(`the event log is Kafka at ${env.KAFKA_BROKERS}`)
  return { postgres, clickhouse, kafkaBrokers: env.KAFKA_BROKERS || undefined }
}

const DATABASE = 'postgres'

/** Where the embedded Postgres keeps its data. */
export function postgresPath(statePath: string): string {
  return join(statePath, 'postgres')
}

async function embeddedPostgres({ statePath, ports, secrets, progress, stack }: EngineOptions) {
  const server = await progress.step('Postgres', () =>
    startPostgres({
      dataPath: postgresPath(statePath),
      port: ports.postgres,
      password: secrets.postgres_password,
    }),
  )
  stack.use(server)
  const proxy = stack.use(await startPostgresProxy(server, ports['postgres-proxy']))
  return { ownerUrl: server.url(DATABASE), wsProxy: proxy.address }
}

/** Neon speaks WebSocket itself; any other Postgres gets the proxy before it. */
async function ownPostgres(ownerUrl: string, { ports, progress, stack }: EngineOptions) {
  const { hostname, port } = new URL(ownerUrl)
  progress.note(`Postgres is yours, at ${hostname}`)
  if (hostname.endsWith('.neon.tech')) return { ownerUrl, wsProxy: undefined }
  const target = { host: hostname, port: Number(port || 5432) }
  const proxy = stack.use(await startPostgresProxy(target, ports['postgres-proxy']))
  return { ownerUrl, wsProxy: proxy.address }
}

async function embeddedClickHouse({ statePath, ports, secrets, progress, stack }: EngineOptions) {
  const server = await progress.step('ClickHouse', () =>
    startClickHouse({
      dataPath: join(statePath, 'clickhouse'),
      port: ports.clickhouse,
      password: secrets.clickhouse_password,
    }),
  )
  stack.use(server)
  return { url: server.url, user: server.user, password: server.password }
}

async function ownClickHouse(url: string, env: NodeJS.ProcessEnv) {
  return { url, user: env.CLICKHOUSE_USER || 'default', password: env.CLICKHOUSE_PASSWORD || '' }
}
