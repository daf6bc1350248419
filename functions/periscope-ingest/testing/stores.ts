import { sql } from 'kysely'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { quoteName } from '../../../shared/clickhouse/statements.ts'
import { type Database, openDatabase } from '../../../shared/postgres/database.ts'
import { freshClickHouse, type TestClickHouse } from '../../../shared/testing/clickhouse.ts'
import { freshDatabase, type TestDatabase } from '../../../shared/testing/postgres.ts'
import { listRetention } from '../retention/facts.ts'
import type { Tables } from '../state/tables.ts'
import { tables } from '../tables/tables.ts'
import { unattributedEvents } from '../tables/unattributed-events.ts'

/** Both stores, migrated and empty. */
export interface TestStores extends AsyncDisposable {
  clickhouse: ClickHouse
  db: Database<Tables>
  target: TestClickHouse['target']
  database: TestDatabase
  /** All that anybody could read of a tenant, without the times of arrival, in a fixed order. */
  contents(tenantId: string): Promise<Record<string, unknown[]>>
}

interface Options {
  /** Whether rows go when their time is over, as in production. Else recorded events stay, which grow older every day. */
  forgets?: boolean
}

export async function openTestStores({ forgets = false }: Options = {}): Promise<TestStores> {
  const database = await freshDatabase()
  await database.migrate({ schema: 'periscope', folder: new URL('../migrations/postgres/', import.meta.url) })
  const db = openDatabase<Tables>(database.pool(database.urlAs('periscope')))
  const { clickhouse, target, migrate } = await freshClickHouse()
  await migrate(new URL('../migrations/clickhouse/', import.meta.url))
  if (!forgets) await keepForGood(clickhouse)

  async function contents(tenantId: string) {
    const all: Record<string, unknown[]> = {}
    for (const { name } of tables) {
      const statement = `SELECT * EXCEPT received_at FROM ${name} FINAL WHERE tenant_id = {tenant:String} ORDER BY ALL`
      all[name] = await clickhouse.query(statement, { tenant: tenantId })
    }
    const strays = `SELECT * EXCEPT (received_at, event) FROM ${unattributedEvents.name} FINAL ORDER BY ALL`
    all.unattributed = await clickhouse.query(strays)
    await db.within({ tenant_id: tenantId }, async (tx) => {
      for (const table of ['stream_state', 'node_state'] as const) {
        const state = await sql`select * from ${sql.table(table)} t order by t::text`.execute(tx)
        all[table] = state.rows
      }
    })
    return all
  }

  return {
    clickhouse,
    db,
    target,
    database,
    contents,
    [Symbol.asyncDispose]: async () => {
      await db[Symbol.asyncDispose]()
      await clickhouse[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

async function keepForGood(clickhouse: ClickHouse): Promise<void> {
  for (const { name, days } of await listRetention(clickhouse)) {
    if (days !== null) await clickhouse.command(`ALTER TABLE ${quoteName(name)} REMOVE TTL`)
  }
}
