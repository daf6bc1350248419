import type { Clock } from '../../shared/clock.ts'
import { ofAnyOrigin } from '../../shared/http/any-origin.ts'
import { createApp } from '../../shared/http/app.ts'
import type { Authenticate } from '../../shared/http/authenticate.ts'
import { addOperations } from '../../shared/http/operations.ts'
import type { Admit } from '../../shared/http/rate-limit.ts'
import type { Log } from '../../shared/log.ts'
import { commands } from './commands/routes.ts'
import type { Deps } from './deps.ts'
import { ingests } from './ingest/routes.ts'
import { load } from './load/routes.ts'
import { nodes } from './nodes/routes.ts'
import { plays } from './play/routes.ts'
import { statuses } from './status/routes.ts'

interface ApiOptions {
  log: Log
  clock: Clock
  authenticate: Authenticate
  deps: Deps
  admit: Admit
}

const RETRY_HEADERS = ['retry-after', 'x-request-id']
const loads = ofAnyOrigin({
  allowMethods: ['GET', 'HEAD', 'POST', 'OPTIONS'],
  allowHeaders: ['authorization'],
  exposeHeaders: ['location', ...RETRY_HEADERS],
})

/** Players and publishers in pages ask, wherever those come from. */
const pages = {
  '/play/*': ofAnyOrigin({
    allowMethods: ['GET', 'HEAD', 'OPTIONS'],
    exposeHeaders: ['location', ...RETRY_HEADERS, 'x-stale-ms'],
  }),
  '/ingest/*': ofAnyOrigin({
    allowMethods: ['GET', 'HEAD', 'POST', 'OPTIONS'],
    allowHeaders: ['authorization', 'content-type'],
    exposeHeaders: ['location', ...RETRY_HEADERS, 'x-stale-ms'],
  }),
  '/': loads,
  '/:stream': loads,
}

/** Foghorn's HTTP API: viewers and publishers are sent to hosts, hosts say how they do and are told what to do. */
export function createApi(options: ApiOptions) {
  const app = createApp({ ...options, trustedProxies: options.deps.front, pages })
  addOperations(app, {
    title: 'Foghorn',
    description: 'Sends viewers and publishers to the best media host.',
    // It answers from what it knows while others are out of reach, so it needs none of them to be ready.
    checks: {},
  })
  // `load` takes any name of one part, so it comes last.
  return app
    .route('/play', plays)
    .route('/ingest', ingests)
    .route('/nodes', nodes)
    .route('/', commands)
    .route('/', statuses)
    .route('/', load)
}
