import { type ClickHouse, type ClickHouseTarget, openClickHouse } from './client.ts'
import { type Migration, readMigrations } from './migrations.ts'
import { quoteName } from './statements.ts'

interface Applied {
  number: number
  name: string
  checksum: string
}

/** Makes sure that the database of `target` exists; needed before anything else can name it. */
export async function ensureDatabase(target: ClickHouseTarget): Promise<void> {
  await using server = openClickHouse({ ...target, database: 'default' })
  await server.command(`CREATE DATABASE IF NOT EXISTS ${quoteName(target.database)}`)
}

/**
 * Brings a database up to date: applies each new `NNN_name.sql` of the folder, statement by statement, and records it.
 * Refuses when an applied file was changed or is gone. Safe to run twice, and by two at once: every statement may run
 * again, and the ledger keeps one row a number. Returns the names applied.
 */
export async function migrate(clickhouse: ClickHouse, folder: URL): Promise<string[]> {
  const wanted = await readMigrations(folder)
  await clickhouse.command(LEDGER)
  const applied = await readLedger(clickhouse)
  requireUnchanged(wanted, applied)
  const open = wanted.filter(({ number }) => !applied.some((row) => row.number === number))
  for (const migration of open) await apply(clickhouse, migration)
  return open.map(({ name }) => name)
}

const LEDGER = `CREATE TABLE IF NOT EXISTS migrations
  (number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
  ENGINE = ReplacingMergeTree ORDER BY (number, name, checksum)`

function readLedger(clickhouse: ClickHouse): Promise<Applied[]> {
  const sql = 'SELECT DISTINCT number, name, checksum FROM migrations ORDER BY number'
  return clickhouse.query<Applied>(sql, {}, { select_sequential_consistency: '1' })
}

function requireUnchanged(wanted: Migration[], applied: Applied[]): void {
  for (const row of applied) {
    const file = wanted.find(({ number }) => number === row.number)
    if (file?.name === row.name && file.checksum === row.checksum) continue
    throw new Error(`${row.name} was changed after it was applied; restore it and add a new migration instead`)
  }
}

async function apply(clickhouse: ClickHouse, { number, name, checksum, statements }: Migration): Promise<void> {
  for (const [index, statement] of statements.entries()) {
    try {
      await clickhouse.command(statement)
    } catch (cause) {
      throw new Error(`${name}, statement ${index + 1}: ${reasonOf(cause)}`, { cause })
    }
  }
  await clickhouse.insert('migrations', [{ number, name, checksum }])
}

/** ClickHouse's own words, which a fault keeps as its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  return error.cause instanceof Error ? error.cause.message : error.message
}
