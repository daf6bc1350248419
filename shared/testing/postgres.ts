import { inject } from 'vitest'
import { ensureRole, type MigrateOptions, migrate } from '../postgres/migrate.ts'
import { openPool, type Pool } from '../postgres/pool.ts'

export interface TestDatabase extends AsyncDisposable {
  /** Owner's connection string. */
  url: string
  wsProxy: string
  /** The connection string of a service's own role, once its schema is migrated. */
  urlAs(role: string): string
  pool(url?: string): Pool
  migrate(options: Pick<MigrateOptions, 'schema' | 'folder'>): Promise<string[]>
}

const ROLE_PASSWORD = 'test'

/** A new empty database of the caller's own; dropped when disposed. */
export async function freshDatabase(): Promise<TestDatabase> {
  const { adminUrl, wsProxy } = inject('postgres')
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`
  await administer(adminUrl, wsProxy, `create database ${name}`)
  const url = adminUrl.replace(/\/postgres$/, `/${name}`)
  const pools: Pool[] = []
  const open = (poolUrl = url) => {
    const pool = openPool(poolUrl, { wsProxy })
    pools.push(pool)
    return pool
  }
  return {
    url,
    wsProxy,
    urlAs: (role) => url.replace(/\/\/[^@]+@/, `//${role}:${ROLE_PASSWORD}@`),
    pool: open,
    migrate: async (options) => {
      const admin = openPool(adminUrl, { wsProxy, connectionsMax: 1 })
      await ensureRole(admin, options.schema, ROLE_PASSWORD)
      await admin.end()
      return migrate({ ...options, pool: open() })
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(pools.map((pool) => (pool.ended ? undefined : pool.end())))
      await administer(adminUrl, wsProxy, `drop database ${name} with (force)`)
    },
  }
}

async function administer(url: string, wsProxy: string, statement: string): Promise<void> {
  const pool = openPool(url, { wsProxy, connectionsMax: 1 })
  await pool.query(statement)
  await pool.end()
}
