import type { Registry } from 'prom-client'
import type { Clock } from '../../shared/clock.ts'
import { BATCH_BYTES_MAX } from '../../shared/events/limits.ts'
import { createApp, type Observe } from '../../shared/http/app.ts'
import type { Authenticate } from '../../shared/http/authenticate.ts'
import { addOperations } from '../../shared/http/operations.ts'
import type { Log } from '../../shared/log.ts'
import { connectDoor, connectEntrance } from './events/connect.ts'
import type { PublishDeps } from './events/publish.ts'
import { restDoor } from './events/rest.ts'

interface ApiOptions {
  log: Log
  clock: Clock
  authenticate: Authenticate
  deps: PublishDeps
  metrics: Registry
  observe: Observe
  checks: Record<string, () => Promise<void>>
}

/** Decklog's HTTP API: the two doors to `publish`. */
export function createApi({ log, clock, authenticate, deps, metrics, observe, checks }: ApiOptions) {
  const app = createApp({ log, clock, authenticate, deps, observe, bodyBytesMax: BATCH_BYTES_MAX })
  addOperations(app, {
    title: 'Decklog',
    description: 'Takes events from media hosts and edge workers.',
    checks,
    metrics,
  })
  return connectEntrance().route('/', app.route('/', connectDoor).route('/', restDoor))
}
