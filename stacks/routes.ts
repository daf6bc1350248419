/** The services that the front door and the cloud's router send requests to. */
export type RoutedService = 'commodore' | 'quartermaster' | 'periscope-query' | 'decklog' | 'foghorn'

interface Route {
  /** The first path segments; `*` stands for one segment or the rest of one, a last `**` for any more. */
  path: string
  service: RoutedService
  /** Only these, where another method of the same path is for services; any if absent. */
  methods?: readonly Method[]
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/**
 * One origin for the whole platform: which service answers which path. The first match wins, so a longer path
 * stands before the shorter one that would also take it. What only services and media hosts ask of each other (such as
 * `POST /streams/resolve`) is not here: they call each service's own host, with a token made for it.
 */
export const routes: readonly Route[] = [
  { path: '/auth/**', service: 'commodore' },
  { path: '/me/**', service: 'commodore' },
  { path: '/memberships/**', service: 'commodore' },
  { path: '/members/**', service: 'commodore' },
  { path: '/invitations/**', service: 'commodore' },
  { path: '/.well-known/jwks.json', service: 'commodore' },
  { path: '/api-tokens', service: 'commodore' },
  { path: '/api-tokens/*', service: 'commodore', methods: ['DELETE'] },
  { path: '/audit-log', service: 'commodore' },
  { path: '/webhook-endpoints/**', service: 'commodore' },
  { path: '/streams/*/status', service: 'periscope-query' },
  { path: '/streams/*/viewers', service: 'periscope-query' },
  { path: '/streams/*/sessions', service: 'periscope-query' },
  { path: '/streams/*/usage', service: 'periscope-query' },
  { path: '/streams/*/tracks', service: 'periscope-query' },
  { path: '/streams/*/runs', service: 'periscope-query' },
  { path: '/streams/*/health', service: 'periscope-query' },
  { path: '/streams/*/pushes', service: 'periscope-query' },
  { path: '/streams/*/recordings', service: 'periscope-query' },
  { path: '/streams', service: 'commodore' },
  { path: '/streams/*', service: 'commodore', methods: ['GET', 'HEAD', 'PATCH', 'DELETE'] },
  { path: '/streams/*/keys/**', service: 'commodore' },
  { path: '/streams/*/push-targets/**', service: 'commodore' },
  { path: '/streams/*/terminate', service: 'commodore', methods: ['POST'] },
  { path: '/signing-keys/**', service: 'commodore' },
  { path: '/playback-revocations/**', service: 'commodore' },
  { path: '/signalman/tickets', service: 'commodore' },
  { path: '/analytics/**', service: 'periscope-query' },
  { path: '/routing/decisions', service: 'periscope-query' },
  { path: '/usage', service: 'periscope-query' },
  { path: '/unattributed', service: 'periscope-query' },
  { path: '/ingest-errors', service: 'periscope-query' },
  { path: '/nodes/*/heartbeat', service: 'foghorn' },
  { path: '/nodes/*/metrics', service: 'periscope-query' },
  { path: '/tenants', service: 'quartermaster', methods: ['GET', 'HEAD'] },
  { path: '/tenants/*', service: 'quartermaster', methods: ['GET', 'HEAD', 'PATCH'] },
  { path: '/tenants/*/clusters', service: 'quartermaster', methods: ['PUT'] },
  { path: '/clusters', service: 'quartermaster' },
  { path: '/clusters/*', service: 'quartermaster', methods: ['PATCH'] },
  { path: '/nodes', service: 'quartermaster' },
  { path: '/nodes/enrol', service: 'quartermaster' },
  { path: '/nodes/token', service: 'quartermaster' },
  { path: '/nodes/*', service: 'quartermaster', methods: ['GET', 'HEAD', 'PATCH'] },
  { path: '/services', service: 'quartermaster' },
  { path: '/enrolment-tokens/**', service: 'quartermaster' },
  { path: '/frameworks.decklog.v1.DecklogService/**', service: 'decklog' },
  { path: '/play/**', service: 'foghorn' },
  { path: '/status', service: 'foghorn', methods: ['GET', 'HEAD'] },
  // By a key's own beginning: `POST /ingest/authorize` is Commodore's, for services alone.
  { path: '/ingest/sk_*', service: 'foghorn' },
]

const compiled = routes.map(({ path, service, methods }) => ({ pattern: toPattern(path), service, methods }))

/** The service that answers `method` on `path`, or none. */
export function routeOf(method: string, path: string): RoutedService | undefined {
  const takes = (methods: readonly string[] | undefined) => methods === undefined || methods.includes(method)
  return compiled.find(({ pattern, methods }) => pattern.test(path) && takes(methods))?.service
}

function toPattern(path: string): RegExp {
  const source = path
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\/\*\*$/, '(/.*)?')
    .replaceAll(/\*(?=\/|$)/g, '[^/]+')
  return new RegExp(`^${source}$`)
}
