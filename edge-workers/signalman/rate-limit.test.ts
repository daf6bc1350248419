import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../../shared/http/problem.ts'
import { newId } from '../../shared/ids.ts'
import { LIVE_CALLS_PER_MINUTE_MAX } from '../../stacks/edge-workers.ts'
import { type Signalman, startSignalman } from '../../stacks/local/edge/testing/signalman.ts'

let signalman: Signalman
beforeAll(async () => {
  signalman = await startSignalman()
})
afterAll(() => signalman[Symbol.asyncDispose]())

test('an address that connects without end is held up, while the feed from there goes on', async () => {
  const init = { headers: { 'cf-connecting-ip': '2001:db8::1' } }
  const statuses: number[] = []
  // The minute may turn on the way.
  while (statuses.at(-1) !== 429 && statuses.length <= 2 * LIVE_CALLS_PER_MINUTE_MAX) {
    statuses.push((await signalman.edge.fetch('http://signalman.test/events', init)).status)
  }
  expect(statuses.length).toBeGreaterThan(LIVE_CALLS_PER_MINUTE_MAX)
  expect([...new Set(statuses)]).toEqual([401, 429])
  const refused = await signalman.edge.fetch('http://signalman.test/events', init)
  expect(refused.headers.get('retry-after')).toBe('60')
  expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after')
  expect(Problem.parse(await refused.json())).toMatchObject({ status: 429, code: 'too_many_requests' })
  const feed = { ...init, method: 'POST', body: '{}' }
  const fed = await signalman.edge.fetch(`http://signalman.test/feed/${newId('tenant')}`, feed)
  expect(fed.status).not.toBe(429)
})
