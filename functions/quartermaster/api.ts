import type { Registry } from 'prom-client'
import { type AppOptions, createApp } from '../../shared/http/app.ts'
import { addOperations } from '../../shared/http/operations.ts'
import { clusters } from './clusters/routes.ts'
import type { Deps } from './deps.ts'
import { enrolmentTokens } from './enrolment-tokens/routes.ts'
import { nodes } from './nodes/routes.ts'
import { services } from './services/routes.ts'
import { tenants } from './tenants/routes.ts'

export interface ApiOptions extends AppOptions<Deps> {
  metrics: Registry
}

/** Quartermaster's whole API. */
export function createApi({ metrics, ...options }: ApiOptions) {
  const app = createApp(options)
  addOperations(app, {
    title: 'Quartermaster',
    description: 'Tenants, clusters, media hosts and how they join.',
    checks: { database: () => options.deps.db.ping() },
    metrics,
  })
  return app
    .route('/tenants', tenants)
    .route('/clusters', clusters)
    .route('/enrolment-tokens', enrolmentTokens)
    .route('/nodes', nodes)
    .route('/services', services)
}

/** Every route with its types. @public */
export type QuartermasterApi = ReturnType<typeof createApi>
