import type { Stores } from '../../../../functions/periscope-ingest/ingest/ingest.ts'
import type { Tables } from '../../../../functions/periscope-ingest/state/tables.ts'
import type { ClickHouse } from '../../../../shared/clickhouse/client.ts'
import { Fault } from '../../../../shared/fault.ts'
import { within } from '../../../../shared/kafka/within.ts'
import { openDatabase } from '../../../../shared/postgres/database.ts'
import { type Pool, QUERY_TIMEOUT_MS } from '../../../../shared/postgres/pool.ts'
import type { ModelClickHouse } from './clickhouse.ts'
import { readNativeRows } from './native-rows.ts'
import type { ModelRegisters } from './registers.ts'

/** As the real clients give up. */
const CLICKHOUSE_MS = 25_000
const POSTGRES_MS = QUERY_TIMEOUT_MS

/** Has a store do something, over whatever lies between. */
export interface AskStores {
  clickhouse<T>(work: (store: ModelClickHouse) => T): Promise<T>
  registers<T>(work: (store: ModelRegisters) => T): Promise<T>
}

/** The models as Periscope Ingest takes its stores. */
export function modelStores(ask: AskStores): Stores {
  return { clickhouse: asClickHouse(ask), db: openDatabase<Tables>(asPool(ask)) }
}

function asClickHouse({ clickhouse }: AskStores): ClickHouse {
  const unasked = () => Promise.reject(new TypeError('the model answers no queries'))
  const insert: ClickHouse['insert'] = async (table, rows, { token } = {}) => {
    try {
      await within(
        CLICKHOUSE_MS,
        clickhouse((store) => store.insert(table, rows, token)),
      )
    } catch (error) {
      throw unavailable('clickhouse_unavailable', error)
    }
  }
  return {
    database: 'model',
    query: unasked,
    command: unasked,
    ping: async () => undefined,
    insert,
    insertBlock: (table, block, options) => insert(table, readNativeRows(block.toBytes()), options),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** The cast holds for what kysely does with a pool: it connects, queries, releases and ends. */
function asPool({ registers }: AskStores): Pool {
  const connect = async () => {
    const session = await asked(registers((store) => store.connect()))
    return {
      query: async (sql: string, parameters: readonly unknown[] = []) => {
        await asked(registers(() => session(sql, parameters)))
        return { command: 'SELECT', rowCount: 0, rows: [] }
      },
      release: () => undefined,
    }
  }
  return { connect, end: async () => undefined } as unknown as Pool
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await within(POSTGRES_MS, answer)
  } catch (error) {
    throw unavailable('database_unavailable', error)
  }
}

function unavailable(reason: string, error: unknown): Error {
  // What Postgres says has a code; what lies between says nothing but that it failed.
  if (error instanceof Error && 'code' in error) return error
  if (error instanceof Fault || (error instanceof TypeError && error.message !== 'fetch failed')) return error
  return new Fault('unavailable', reason, 'The store cannot answer now.', { cause: error })
}
