import type { Clock } from '../../shared/clock.ts'
import { ofAnyOrigin } from '../../shared/http/any-origin.ts'
import { createApp } from '../../shared/http/app.ts'
import type { Authenticate } from '../../shared/http/authenticate.ts'
import { addOperations } from '../../shared/http/operations.ts'
import type { Admit } from '../../shared/http/rate-limit.ts'
import type { Log } from '../../shared/log.ts'
import type { Deps } from './deps.ts'
import { feed } from './feed/routes.ts'
import { live } from './live/routes.ts'

interface ApiOptions {
  log: Log
  clock: Clock
  authenticate: Authenticate
  deps: Deps
  admit: Admit
}

/** A feed's batch of large events. */
const BODY_BYTES_MAX = 8 * 1024 * 1024

/** A ticket or token lets in, never a cookie, so pages may ask wherever they come from; of a socket browsers ask no leave. */
const pages = {
  '/events': ofAnyOrigin({
    allowMethods: ['GET', 'OPTIONS'],
    allowHeaders: ['authorization', 'last-event-id'],
    exposeHeaders: ['retry-after', 'x-request-id'],
  }),
}

/** Signalman's HTTP API: events come in by the feed and go out as they happen. */
export function createApi(options: ApiOptions) {
  const app = createApp({ ...options, trustedProxies: options.deps.front, bodyBytesMax: BODY_BYTES_MAX, pages })
  addOperations(app, {
    title: 'Signalman',
    description: 'Tells browsers and servers a tenant’s events as they happen, from where they last were.',
    // Connections go on while Commodore is away, so it need not be ready.
    checks: {},
  })
  return app.route('/feed', feed).route('/', live)
}
