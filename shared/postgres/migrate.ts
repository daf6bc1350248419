import { type MigrationFile, readMigrationFiles } from '../migration-files.ts'
import type { Pool, PoolClient } from './pool.ts'

/** A migration as the ledger has it. */
type Applied = Omit<MigrationFile, 'text'>

export interface MigrateOptions {
  /** Owner's connection; a service's own role cannot change its schema. */
  pool: Pool
  /** The service's schema and role, e.g. `commodore`. */
  schema: string
  folder: URL
}

/**
 * Makes sure that a service's login role exists with this password. Roles belong to the whole server,
 * so callers use one database of it for this, where the lock keeps two from doing it at once.
 */
export async function ensureRole(pool: Pool, role: string, password: string): Promise<void> {
  requireName(role)
  const client = await pool.connect()
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', ['frameworks:role'])
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role])
    const verb = rowCount === 0 ? 'create' : 'alter'
    await client.query(`${verb} role ${role} login nobypassrls password ${client.escapeLiteral(password)}`)
  } finally {
    client.release(true)
  }
}

/**
 * Brings one service's schema up to date: creates the schema, then applies each new `NNN_name.sql` in its own
 * transaction. The service's role must exist (see `ensureRole`). Safe to run twice and by two at once. Refuses a changed or missing file.
 * Returns the names applied.
 */
export async function migrate(options: MigrateOptions): Promise<string[]> {
  const wanted = await readMigrationFiles(options.folder)
  const client = await options.pool.connect()
  try {
    await client.query('set statement_timeout = 0')
    await client.query('select pg_advisory_lock(hashtext($1))', [`frameworks:migrate:${options.schema}`])
    await prepare(client, options)
    const done = await readLedger(client, options.schema)
    const applied: string[] = []
    for (const migration of wanted) {
      if (isApplied(done, migration)) continue
      await apply(client, options.schema, migration)
      applied.push(migration.name)
    }
    return applied
  } finally {
    // A session lock and setting must not go back to the pool with the connection.
    client.release(true)
  }
}

async function prepare(client: PoolClient, { schema }: MigrateOptions): Promise<void> {
  requireName(schema)
  const { rows } = await client.query<{ name: string }>('select current_database() as name')
  const database = client.escapeIdentifier(rows[0]?.name ?? '')
  await client.query(`create schema if not exists ${schema}; grant usage on schema ${schema} to ${schema};
    alter role ${schema} in database ${database} set search_path = ${schema};
    create table if not exists ${schema}.migrations
      (number int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`)
}

function requireName(name: string): void {
  if (!/^[a-z_]+$/.test(name)) throw new Error(`not a schema or role name: ${name}`)
}

async function readLedger(client: PoolClient, schema: string): Promise<Map<number, Applied>> {
  const { rows } = await client.query<Applied>(`select number, name, checksum from ${schema}.migrations`)
  return new Map(rows.map((row) => [row.number, row]))
}

function isApplied(done: Map<number, Applied>, migration: MigrationFile): boolean {
  const row = done.get(migration.number)
  if (!row) return false
  if (row.name === migration.name && row.checksum === migration.checksum) return true
  throw new Error(`${migration.name} was changed after it was applied (as ${row.name}); add a new migration instead`)
}

async function apply(client: PoolClient, schema: string, migration: MigrationFile): Promise<void> {
  await client.query('begin')
  try {
    await client.query(`set local search_path = ${schema}`)
    await client.query(migration.text)
    await client.query(`insert into ${schema}.migrations (number, name, checksum) values ($1, $2, $3)`, [
      migration.number,
      migration.name,
      migration.checksum,
    ])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new Error(`${schema}/${migration.name} failed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    })
  }
}
