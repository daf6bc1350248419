import { Kysely, type PostgresPool, type RawBuilder, sql, type Transaction } from 'kysely'
import { Fault } from '../fault.ts'
import type { Pool } from './pool.ts'
import { begin, type Scope } from './scope.ts'
import { ScopedDialect } from './scoped-driver.ts'

/** A service's tables, reachable only inside a transaction that says for whom it asks. */
export interface Database<Tables> extends AsyncDisposable {
  within<R>(scope: Scope, work: (tx: Transaction<Tables>) => Promise<R>): Promise<R>
  /** The same for work that only reads, which Postgres holds it to; a round trip less. */
  read<R>(scope: Scope, work: (tx: Transaction<Tables>) => Promise<R>): Promise<R>
  /**
   * One statement without a scope, in a round trip. Row-level security shows it nothing, so it can but call a function of
   * the schema that states a scope itself.
   */
  call<R>(statement: RawBuilder<R>): Promise<R[]>
  ping(): Promise<void>
}

/** Opens a service's tables over a pool, which it then owns and closes. */
export function openDatabase<Tables>(pool: Pool): Database<Tables> {
  const db = new Kysely<Tables>({ dialect: new ScopedDialect({ pool: asKyselyPool(pool) }) })
  type Work<R> = (tx: Transaction<Tables>) => Promise<R>

  async function transact<R>(mode: 'read only' | 'read write', scope: Scope, work: Work<R>): Promise<R> {
    try {
      const transaction = db.transaction().setAccessMode(mode)
      return await transaction.execute(async (tx) => {
        await tx.executeQuery(begin(scope, mode))
        return work(tx)
      })
    } catch (error) {
      throw toDatabaseFault(error)
    }
  }

  return {
    within: (scope, work) => transact('read write', scope, work),
    read: (scope, work) => transact('read only', scope, work),
    call: async (statement) => {
      try {
        return (await statement.execute(db)).rows
      } catch (error) {
        throw toDatabaseFault(error)
      }
    },
    ping: async () => {
      await sql`select 1`.execute(db)
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  }
}

/** Kysely's type also asks for node-postgres' own `Client`, which it uses only to cancel queries: we never do. */
function asKyselyPool(pool: Pool): PostgresPool {
  return pool as unknown as PostgresPool
}

/** Lets a transaction that found its tenant by a lookup go on as that tenant. */
export async function enterTenant<Tables>(tx: Transaction<Tables>, tenantId: string): Promise<void> {
  await sql`select set_config('app.tenant_id', ${tenantId}, true)`.execute(tx)
}

/** Lets a transaction that found its user by a lookup go on as that user. */
export async function enterUser<Tables>(tx: Transaction<Tables>, userId: string): Promise<void> {
  await sql`select set_config('app.user_id', ${userId}, true)`.execute(tx)
}

/** Lets a transaction that found a row by one name look for those of another. */
export async function enterLookup<Tables>(tx: Transaction<Tables>, lookup: string): Promise<void> {
  await sql`select set_config('app.lookup', ${lookup}, true)`.execute(tx)
}

/** SQLSTATE classes after which the same call may succeed: connection, resources, serialization, shutdown, timeout. */
const RETRYABLE_STATES = /^(08|53|40|57P0|57014|55P03)/

/** The retryable fault of a database that cannot answer; any other error as it is. */
export function toDatabaseFault(error: unknown): unknown {
  if (error instanceof Fault) return error
  const state = error instanceof Error ? sqlState(error) : undefined
  if (state === undefined && !isConnectionError(error)) return error
  if (state !== undefined && !RETRYABLE_STATES.test(state)) return error
  return new Fault('unavailable', 'database_unavailable', 'The database cannot answer now.', { cause: error })
}

function sqlState(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined
}

/** The driver rejects with the socket's own error event when the connection itself fails. */
function isConnectionError(error: unknown): boolean {
  if (error instanceof Event) return true
  return error instanceof Error && /connection|connect|timeout|websocket|network/i.test(error.message)
}

/** Whether a write lost to a unique key; `constraint` names which. */
export function violates(error: unknown, constraint: string): boolean {
  return (
    error instanceof Error && sqlState(error) === '23505' && 'constraint' in error && error.constraint === constraint
  )
}
