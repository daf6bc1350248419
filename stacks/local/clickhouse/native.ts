import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { resolveLibchdb } from 'chdb/libchdb'

interface NativeResult {
  bytes: Uint8Array
  rowsRead: number
  elapsed: number
}

/** The part of chdb's addon that we call. */
interface Addon {
  CreateConnection(path: string, args?: string[]): unknown
  CloseConnection(connection: unknown): void
  QueryAsyncConnection(connection: unknown, sql: string, format: string): Promise<NativeResult>
}

export interface Connection extends Disposable {
  query(sql: string, format: string): Promise<NativeResult>
}

/**
 * Opens one connection to the engine over `path`; the first one of a process starts it, with `args`.
 * Dispose it once its queries have settled and not before. chdb's own `Session` waits on close for every query of the
 * process, so that behind one long query the memory for short ones grows with the square of their number.
 */
export function connect(path: string, args: string[] = []): Connection {
  const addon = loadAddon()
  const connection = addon.CreateConnection(resolve(path), args)
  return {
    query: (sql, format) => addon.QueryAsyncConnection(connection, sql, format),
    [Symbol.dispose]: () => addon.CloseConnection(connection),
  }
}

/** The addon has no types; `Addon` is what chdb 3.4.0's index.js itself calls on it. */
function loadAddon(): Addon {
  const { packageName } = resolveLibchdb()
  if (packageName === undefined) throw new Error('there is no ClickHouse for this machine; set CLICKHOUSE_URL')
  return createRequire(import.meta.url)(packageName) as Addon
}
