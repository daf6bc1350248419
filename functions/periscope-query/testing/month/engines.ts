import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { openClickHouse } from '../../../../shared/clickhouse/client.ts'
import { ensureDatabase, migrate as migrateClickHouse } from '../../../../shared/clickhouse/migrate.ts'
import { openDatabase } from '../../../../shared/postgres/database.ts'
import { ensureRole, migrate as migratePostgres } from '../../../../shared/postgres/migrate.ts'
import { openPool, type Pool } from '../../../../shared/postgres/pool.ts'
import { freePort } from '../../../../shared/testing/port.ts'
import { startClickHouse } from '../../../../stacks/local/clickhouse/start.ts'
import { startPostgresProxy } from '../../../../stacks/local/postgres/proxy.ts'
import { startPostgres } from '../../../../stacks/local/postgres/server.ts'
import type { Tables } from '../../../periscope-ingest/state/tables.ts'
import type { QueryStores } from '../periscope-query.ts'

const PASSWORD = 'bench'
const migrations = new URL('../../../periscope-ingest/migrations/', import.meta.url)

/** Engines of the caller's own over a folder, migrated. */
export async function openEngines(folder: string): Promise<QueryStores> {
  await using opened = new AsyncDisposableStack()
  await chmod(folder, 0o755)
  const server = opened.use(await startClickHouse({ dataPath: join(folder, 'clickhouse'), password: PASSWORD }))
  const target = { url: server.url, user: server.user, password: server.password, database: 'bench' }
  await ensureDatabase(target)
  const clickhouse = opened.use(openClickHouse(target))
  await migrateClickHouse(clickhouse, new URL('clickhouse/', migrations))
  const postgres = opened.use(
    await startPostgres({
      dataPath: join(folder, 'postgres'),
      port: await freePort(),
      password: PASSWORD,
      durable: false,
    }),
  )
  const { address: wsProxy } = opened.use(await startPostgresProxy(postgres))
  const pools: Pool[] = []
  const pool = (url = postgres.url('postgres')) => {
    const made = openPool(url, { wsProxy })
    pools.push(made)
    return made
  }
  opened.defer(() => Promise.all(pools.map((each) => (each.ended ? undefined : each.end()))).then(() => undefined))
  const owner = pool()
  await ensureRole(owner, 'periscope', PASSWORD)
  await migratePostgres({ pool: owner, schema: 'periscope', folder: new URL('postgres/', migrations) })
  const urlAs = (role: string) => postgres.url('postgres').replace(/\/\/[^@]+@/, `//${role}:${PASSWORD}@`)
  const db = opened.use(openDatabase<Tables>(pool(urlAs('periscope'))))
  const owned = opened.move()
  return {
    ...{ clickhouse, db, target },
    database: { pool, urlAs },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
