import { neonConfig, Pool } from '@neondatabase/serverless'

export type { Pool, PoolClient } from '@neondatabase/serverless'

const POOL_CONNECTIONS_MAX = 10
const CONNECT_TIMEOUT_MS = 5_000
const IDLE_TIMEOUT_MS = 30_000
/** A statement that runs longer is wrong for a request; migrations use their own connection. */
export const STATEMENT_TIMEOUT_MS = 8_000
/** A server that has not even said so by then is not there any more: no packet will tell of a connection gone silent. */
export const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 2_000

interface PoolOptions {
  /** `host:port` of the WebSocket proxy before a Postgres that has none of its own (Neon has). */
  wsProxy?: string | undefined
  connectionsMax?: number
  applicationName?: string
  queryTimeoutMs?: number
}

/** A pool of connections over Neon's WebSocket driver, the same in the cloud and on one machine. */
export function openPool(url: string, options: PoolOptions = {}): Pool {
  if (options.wsProxy) useProxy(options.wsProxy)
  const pool = new Pool({
    connectionString: url,
    max: options.connectionsMax ?? POOL_CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS,
    ...(options.applicationName && { application_name: options.applicationName }),
  })
  // An idle connection that breaks is replaced at its next use; without a listener it would end the process.
  pool.on('error', () => undefined)
  return pool
}

/** The driver's proxy setting is one per process; Neon's own hosts keep their secure default. */
function useProxy(proxy: string): void {
  neonConfig.wsProxy = (host, port) => `${proxy}/v2?address=${host}:${port}`
  neonConfig.useSecureWebSocket = false
  neonConfig.pipelineTLS = false
  neonConfig.pipelineConnect = false
}
