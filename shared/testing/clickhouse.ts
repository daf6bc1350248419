import { inject } from 'vitest'
import { type ClickHouse, type ClickHouseTarget, openClickHouse } from '../clickhouse/client.ts'
import { ensureDatabase, migrate } from '../clickhouse/migrate.ts'

export interface TestClickHouse extends AsyncDisposable {
  /** Where it is, for parts that open their own client. */
  target: ClickHouseTarget
  clickhouse: ClickHouse
  migrate(folder: URL): Promise<string[]>
}

/** A new empty database of the caller's own; it goes away with the whole run's data, unless a test of the run failed. */
export async function freshClickHouse(): Promise<TestClickHouse> {
  const target = { ...inject('clickhouse'), database: `test_${crypto.randomUUID().replaceAll('-', '')}` }
  await ensureDatabase(target)
  const clickhouse = openClickHouse(target)
  return {
    target,
    clickhouse,
    migrate: (folder) => migrate(clickhouse, folder),
    [Symbol.asyncDispose]: () => clickhouse[Symbol.asyncDispose](),
  }
}
