import type { Registry } from 'prom-client'
import { type AppOptions, createApp } from '../../shared/http/app.ts'
import { addOperations } from '../../shared/http/operations.ts'
import type { OpenStores } from './stores.ts'

interface ApiOptions extends AppOptions<object> {
  metrics: Registry
  stores: OpenStores
  /** Throws once the consumer has stopped. */
  consuming: () => Promise<void>
}

/** Health and metrics; Periscope Ingest takes its work from the event log alone. */
export function createApi({ metrics, stores, consuming, ...options }: ApiOptions) {
  const app = createApp(options)
  addOperations(app, {
    title: 'Periscope Ingest',
    description: 'Stores events in ClickHouse and Postgres.',
    checks: { clickhouse: () => stores.clickhouse.ping(), database: () => stores.db.ping(), consumer: consuming },
    metrics,
  })
  return app
}
