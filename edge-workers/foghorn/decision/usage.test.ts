import { expect, test } from 'vitest'
import { heartbeat, live } from '../testing/hosts.ts'
import { usageOf, VIEWER_BYTES_DEFAULT, VIEWER_BYTES_MAX, VIEWER_BYTES_MIN, viewerBytes, viewersOf } from './usage.ts'

test.each([
  ['as its viewers have shown', 30_000_000, 100, 300_000],
  ['no less than a bound, because some hardly watch', 100, 100, VIEWER_BYTES_MIN],
  ['no more than a bound, because not all that it sends goes to viewers', 100_000_000, 1, VIEWER_BYTES_MAX],
  ['a usual stream, without viewers', 30_000_000, 0, VIEWER_BYTES_DEFAULT],
  ['a usual stream, without a figure', null, 100, VIEWER_BYTES_DEFAULT],
])('one viewer more takes %s', (_, egress_bytes_per_second, viewers, expected) => {
  expect(viewerBytes(usageOf(heartbeat({ egress_bytes_per_second, viewers })))).toBe(expected)
})

test('viewers of a host are what it says as a whole, or those of its streams together', () => {
  const streams = [
    { ...live('live+one'), viewers: 2 },
    { ...live('live+two'), viewers: 3 },
  ]
  expect(viewersOf(heartbeat({ streams }))).toBe(5)
  expect(viewersOf(heartbeat({ streams, viewers: 9 }))).toBe(9)
})
