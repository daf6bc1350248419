import type { Registry } from 'prom-client'
import { type AppOptions, createApp } from '../../shared/http/app.ts'
import { addOperations } from '../../shared/http/operations.ts'
import { accounts } from './accounts/routes.ts'
import { apiTokens } from './api-tokens/routes.ts'
import { auditLog } from './audit-log/routes.ts'
import { authorize } from './authorize/routes.ts'
import type { Deps } from './deps.ts'
import { invitations } from './invitations/routes.ts'
import { memberships } from './memberships/routes.ts'
import { playbackRevocations } from './playback-revocations/routes.ts'
import { pushTargets } from './push-targets/routes.ts'
import { sessions } from './sessions/routes.ts'
import { signalmanTickets } from './signalman-tickets/routes.ts'
import { signingKeys } from './signing-keys/routes.ts'
import { streamKeys } from './stream-keys/routes.ts'
import { streams } from './streams/routes.ts'
import { termination } from './termination/routes.ts'
import { occurrences } from './webhooks/occurrences.ts'
import { webhookEndpoints } from './webhooks/routes.ts'

export interface ApiOptions extends AppOptions<Deps> {
  metrics: Registry
}

/** Commodore's whole API. */
export function createApi({ metrics, ...options }: ApiOptions) {
  const app = createApp(options)
  addOperations(app, {
    title: 'Commodore',
    description: 'Users, API tokens, streams and their keys; who may publish and who may play.',
    checks: { database: () => options.deps.db.ping() },
    metrics,
  })
  return app
    .route('/', accounts)
    .route('/', sessions)
    .route('/', memberships)
    .route('/invitations', invitations)
    .route('/', authorize)
    .route('/api-tokens', apiTokens)
    .route('/audit-log', auditLog)
    .route('/occurrences', occurrences)
    .route('/webhook-endpoints', webhookEndpoints)
    .route('/signing-keys', signingKeys)
    .route('/signalman/tickets', signalmanTickets)
    .route('/playback-revocations', playbackRevocations)
    .route('/streams', streams)
    .route('/streams/:id/keys', streamKeys)
    .route('/streams/:id/push-targets', pushTargets)
    .route('/streams/:id/terminate', termination)
}

/** Every route with its types. @public */
export type CommodoreApi = ReturnType<typeof createApi>
