import type { Registry } from 'prom-client'
import { type AppOptions, createApp } from '../../shared/http/app.ts'
import { addOperations } from '../../shared/http/operations.ts'
import { analytics } from './analytics/routes.ts'
import type { Deps } from './deps.ts'
import { ingestErrors } from './ingest-errors/routes.ts'
import { nodes } from './nodes/routes.ts'
import { routing } from './routing/routes.ts'
import { streams } from './streams/routes.ts'
import { unattributed } from './unattributed/routes.ts'
import { usage } from './usage/routes.ts'

export interface ApiOptions extends AppOptions<Deps> {
  metrics: Registry
}

/** Periscope Query's whole API. */
export function createApi({ metrics, ...options }: ApiOptions) {
  const { clickhouse, db } = options.deps
  const app = createApp(options)
  addOperations(app, {
    title: 'Periscope Query',
    description:
      'How streams are and were, and what they used. Sizes are in bytes, times in the unit that a name ends in. Ranges are half-open: `from` is in them, `to` is not. A mean is weighted by what it is a mean of; a unique count is of the whole set and does not add up. A host tells neither device nor player of a viewer.',
    checks: { clickhouse: () => clickhouse.ping(), database: () => db.ping() },
    metrics,
  })
  return app
    .route('/analytics', analytics)
    .route('/nodes', nodes)
    .route('/routing', routing)
    .route('/streams', streams)
    .route('/usage', usage)
    .route('/unattributed', unattributed)
    .route('/ingest-errors', ingestErrors)
}
