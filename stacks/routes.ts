/** The services that the front door and the cloud's router send requests to. */
export type RoutedService = 'commodore' | 'quartermaster' | 'periscope-query' | 'decklog' | 'foghorn'

interface Route {
  /** The first path segments; `*` stands for one segment, a last `**` for any more. */
  path: string
  service: RoutedService
}

/**
 * One origin for the whole platform: which service answers which path. The first match wins, so a longer path
 * stands before the shorter one that would also take it. Paths for services only are not here.
 */
export const routes: readonly Route[] = [
  { path: '/auth/**', service: 'commodore' },
  { path: '/me', service: 'commodore' },
  { path: '/.well-known/jwks.json', service: 'commodore' },
  { path: '/api-tokens/**', service: 'commodore' },
  { path: '/streams/*/status', service: 'periscope-query' },
  { path: '/streams/*/viewers', service: 'periscope-query' },
  { path: '/streams/*/sessions', service: 'periscope-query' },
  { path: '/streams/*/usage', service: 'periscope-query' },
  { path: '/streams/*/tracks', service: 'periscope-query' },
  { path: '/streams/*/runs', service: 'periscope-query' },
  { path: '/streams/*/health', service: 'periscope-query' },
  { path: '/streams/**', service: 'commodore' },
  { path: '/usage', service: 'periscope-query' },
  { path: '/unattributed', service: 'periscope-query' },
  { path: '/nodes/*/heartbeat', service: 'foghorn' },
  { path: '/tenants/**', service: 'quartermaster' },
  { path: '/clusters/**', service: 'quartermaster' },
  { path: '/nodes/**', service: 'quartermaster' },
  { path: '/enrolment-tokens/**', service: 'quartermaster' },
  { path: '/frameworks.decklog.v1.DecklogService/**', service: 'decklog' },
  { path: '/produce/*', service: 'decklog' },
  { path: '/play/**', service: 'foghorn' },
]

const compiled = routes.map(({ path, service }) => ({ pattern: toPattern(path), service }))

/** The service that answers `path`, or none. */
export function routeOf(path: string): RoutedService | undefined {
  return compiled.find(({ pattern }) => pattern.test(path))?.service
}

function toPattern(path: string): RegExp {
  const source = path
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\/\*\*$/, '(/.*)?')
    .replaceAll(/\/\*(?=\/|$)/g, '/[^/]+')
  return new RegExp(`^${source}$`)
}
