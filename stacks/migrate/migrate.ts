import { type ClickHouseTarget, openClickHouse } from '../../shared/clickhouse/client.ts'
import { ensureDatabase, migrate as migrateClickHouse } from '../../shared/clickhouse/migrate.ts'
import { ensureRole, migrate } from '../../shared/postgres/migrate.ts'
import { openPool, type Pool } from '../../shared/postgres/pool.ts'
import { analyticsMigrations } from './schemas.ts'

interface PostgresPlan {
  /** The owner's connection string. */
  ownerUrl: string
  wsProxy?: string | undefined
  /** Each schema, which is also a role, with its migrations and the role's password. */
  schemas: Readonly<Record<string, { folder: URL; password: string }>>
}

/** Brings schemas up to date, and makes each service's role. Safe to run twice and by two at once; returns what was applied. */
export async function migratePostgres({ ownerUrl, wsProxy, schemas }: PostgresPlan): Promise<string[]> {
  const pool = openPool(ownerUrl, { wsProxy })
  try {
    const applied: string[] = []
    for (const [schema, plan] of Object.entries(schemas)) {
      applied.push(...(await migrateSchema(pool, schema, plan)).map((name) => `${schema}/${name}`))
    }
    return applied
  } finally {
    await pool.end()
  }
}

async function migrateSchema(pool: Pool, schema: string, plan: { folder: URL; password: string }): Promise<string[]> {
  await ensureRole(pool, schema, plan.password)
  return migrate({ pool, schema, folder: plan.folder })
}

/** Brings ClickHouse up to date; safe to run twice and by two at once. */
export async function migrateAnalytics(target: ClickHouseTarget): Promise<string[]> {
  await ensureDatabase(target)
  await using clickhouse = openClickHouse(target)
  return (await migrateClickHouse(clickhouse, analyticsMigrations)).map((name) => `clickhouse/${name}`)
}
