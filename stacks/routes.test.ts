import { expect, test } from 'vitest'
import { routeOf, routes } from './routes.ts'

test.each([
  ['/auth/login', 'commodore'],
  ['/streams', 'commodore'],
  ['/streams/str_1', 'commodore'],
  ['/streams/str_1/keys/key_1', 'commodore'],
  ['/streams/str_1/status', 'periscope-query'],
  ['/streams/str_1/usage', 'periscope-query'],
  ['/nodes/nod_1/heartbeat', 'foghorn'],
  ['/nodes/enrol', 'quartermaster'],
  ['/play/abc/hls', 'foghorn'],
  ['/play/abc', 'foghorn'],
  ['/status', 'foghorn'],
  ['/ingest/sk_0a1b', 'foghorn'],
])('%s goes to %s', (path, service) => {
  expect(routeOf('GET', path)).toBe(service)
})

test.each([
  '/',
  '/nothing',
  '/authx',
  '/well-known/jwks.json',
  '/xwell-known/jwks.json',
  '/usage/x',
  '/ingest/sk_',
  '/ingest/abc',
  '/ingest/sk_a/b',
])('%s goes nowhere', (path) => {
  expect(routeOf('GET', path)).toBeUndefined()
})

test.each([
  'POST /streams/resolve',
  'POST /streams/%72esolve',
  'POST /api-tokens/verify',
  'POST /clusters/resolve',
  'POST /tenants',
  'GET /tenants/ten_1/clusters',
  'PUT /tenants/ten_1/status',
  'POST /ingest/authorize',
  'POST /playback/authorize',
  'POST /produce/analytics_events',
])('%s, for services alone, goes nowhere', (line) => {
  const [method = '', path = ''] = line.split(' ')
  expect(routeOf(method, path)).toBeUndefined()
})

test('no route hides behind an earlier one', () => {
  for (const { path, service, methods = ['GET'] } of routes) {
    for (const method of methods) {
      expect(routeOf(method, path.replace(/\/\*\*$/, '').replaceAll('*', 'x')), path).toBe(service)
    }
  }
})
