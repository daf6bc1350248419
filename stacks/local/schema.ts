import { openClickHouse } from '../../shared/clickhouse/client.ts'
import { ensureDatabase, migrate as migrateClickHouse } from '../../shared/clickhouse/migrate.ts'
import { ensureRole, migrate } from '../../shared/postgres/migrate.ts'
import { openPool } from '../../shared/postgres/pool.ts'
import type { Engines } from './engines.ts'
import type { Secrets } from './secrets.ts'

const ANALYTICS_DATABASE = 'periscope'

const root = new URL('../../', import.meta.url)

/** Each Postgres schema, which is also the role that works in it, and where its migrations lie. */
const schemas = {
  event_log: 'shared/kafka/postgres/migrations/',
  commodore: 'functions/commodore/migrations/',
  quartermaster: 'functions/quartermaster/migrations/',
  periscope: 'functions/periscope-ingest/migrations/postgres/',
} as const
export type Schema = keyof typeof schemas

const ANALYTICS_MIGRATIONS = new URL('functions/periscope-ingest/migrations/clickhouse/', root)

export interface Databases {
  /** Connection string of a schema's own role. */
  urlOf(schema: Schema): string
  wsProxy: string | undefined
  analytics: { url: string; user: string; password: string; database: string }
}

/** Brings all schemas up to date and says how each service reaches its own. */
export async function migrateAll({ postgres, clickhouse }: Engines, secrets: Secrets): Promise<Databases> {
  const pool = openPool(postgres.ownerUrl, { wsProxy: postgres.wsProxy })
  try {
    for (const [schema, folder] of Object.entries(schemas)) {
      await ensureRole(pool, schema, secrets.role_password)
      await migrate({ pool, schema, folder: new URL(folder, root) })
    }
  } finally {
    await pool.end()
  }
  const analytics = { ...clickhouse, database: ANALYTICS_DATABASE }
  await ensureDatabase(analytics)
  await using analyticsDatabase = openClickHouse(analytics)
  await migrateClickHouse(analyticsDatabase, ANALYTICS_MIGRATIONS)
  return { urlOf: (schema) => asRole(postgres.ownerUrl, schema, secrets.role_password), ...postgres, analytics }
}

function asRole(ownerUrl: string, role: string, password: string): string {
  const url = new URL(ownerUrl)
  url.username = role
  url.password = password
  return url.href
}
