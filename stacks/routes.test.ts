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
])('%s goes to %s', (path, service) => {
  expect(routeOf(path)).toBe(service)
})

test.each(['/', '/nothing', '/authx', '/well-known/jwks.json', '/xwell-known/jwks.json', '/usage/x'])(
  '%s goes nowhere',
  (path) => {
    expect(routeOf(path)).toBeUndefined()
  },
)

test('no route hides behind an earlier one', () => {
  for (const { path, service } of routes) {
    expect(routeOf(path.replace(/\/\*\*$/, '').replaceAll('*', 'x')), path).toBe(service)
  }
})
