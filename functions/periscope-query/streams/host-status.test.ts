import { expect, test } from 'vitest'
import { END_DELAY_MS, SILENCE_MS_MAX, toHostStatus } from './host-status.ts'
import { type RegisterRow, toRegisters } from './registers.ts'
import { toStreamStatus } from './statuses.ts'

const START = Date.parse('2026-11-24T00:00:00.000Z')
const at = (seconds: number) => new Date(START + seconds * 1000)

const poll = {
  status: 'live',
  cause: 'poll',
  reason: null,
  input_type: 'Buffer',
  replicated: false,
  viewers: 3,
  inputs: 1,
  outputs: 0,
  tracks: 2,
  ingress_bytes: 100,
  egress_bytes: 200,
  viewer_seconds: 40,
  packets_sent: null,
  packets_lost: null,
  packets_retransmitted: null,
  buffer_ms: 5000,
  jitter_ms: 10,
  issues: null,
}
const buffer = (state: string) => ({ state, buffer_ms: 4000, jitter_ms: 7, issues: null })

type Said = Partial<Record<RegisterRow['aspect'], [number, unknown]>>

function host(said: Said, now: Date, node_id = 'n1') {
  const rows = Object.entries(said).map(([aspect, [seconds, data]]) => {
    return { aspect: aspect as RegisterRow['aspect'], occurred_at: at(seconds), data }
  })
  return toHostStatus({ node_id, cluster_id: 'c', registers: toRegisters(rows) }, now)
}

const started: Said = { lifecycle: [0, { status: 'starting' }], ready: [0, {}] }

test.each<[string, Said, number, string]>([
  ['that became ready is starting', started, 1, 'starting'],
  ['whose buffer filled is live', { ...started, buffer: [5, buffer('FULL')] }, 6, 'live'],
  ['whose buffer is of the run before is still starting', { ...started, buffer: [-5, buffer('FULL')] }, 1, 'starting'],
  ['that a poll saw is what the poll says', { ...started, lifecycle: [10, poll], figures: [10, poll] }, 12, 'live'],
  [
    'that was unloaded is offline',
    { ...started, lifecycle: [20, { status: 'offline' }], off: [20, {}] },
    21,
    'offline',
  ],
  ['whose unload was lost is offline when it ended', { ...started, end: [60, {}] }, 61, 'offline'],
  [
    'that began again while the end of its last run was on its way is on',
    { ...started, end: [END_DELAY_MS / 1000 - 1, {}] },
    15,
    'starting',
  ],
  ['of which nothing was heard for long is unknown', started, SILENCE_MS_MAX / 1000 + 1, 'unknown'],
  ['of which nothing was heard for just not too long is on', started, SILENCE_MS_MAX / 1000, 'starting'],
  ['that is off stays so in silence', { lifecycle: [0, { status: 'offline' }] }, 86_400, 'offline'],
  ['of which only tracks are known is offline', { tracks: [0, { tracks: [] }] }, 1, 'offline'],
])('a stream %s', (_, said, seconds, status) => {
  expect(host(said, at(seconds)).status).toBe(status)
})

test('figures are those of the current run, and none when it is off', () => {
  const live = { ...started, lifecycle: [10, poll], figures: [10, poll] } satisfies Said
  expect(host(live, at(11))).toMatchObject({
    viewers: 3,
    inputs: 1,
    ingress_bytes: 100,
    egress_bytes: 200,
    started_at: at(0).toISOString(),
    updated_at: at(10).toISOString(),
  })
  const again = { ...live, lifecycle: [30, { status: 'starting' }], ready: [30, {}] } satisfies Said
  expect(host(again, at(31))).toMatchObject({ viewers: 0, ingress_bytes: null, started_at: at(30).toISOString() })
  const off = { ...live, lifecycle: [30, { status: 'offline' }], off: [30, {}] } satisfies Said
  expect(host(off, at(31))).toMatchObject({ viewers: 0, ingress_bytes: null, started_at: null, tracks: [] })
})

test('a start that was not seen is not known', () => {
  const lost = { lifecycle: [50, poll], ready: [0, {}], off: [20, {}], figures: [50, poll] } satisfies Said
  expect(host(lost, at(51))).toMatchObject({ status: 'live', started_at: null })
})

test('over several hosts viewers add up, and what replicas take in does not', () => {
  const origin = host({ ...started, lifecycle: [10, poll], figures: [10, poll] }, at(11))
  const pulled = { ...poll, replicated: true, viewers: 5, egress_bytes: 1000 }
  const replica = host({ lifecycle: [10, pulled], ready: [5, {}], figures: [10, pulled] }, at(11), 'n2')
  const gone = host({ lifecycle: [2, { status: 'offline' }] }, at(11), 'n3')
  expect(toStreamStatus([gone, replica, origin])).toMatchObject({
    status: 'live',
    started_at: at(0).toISOString(),
    updated_at: at(10).toISOString(),
    viewers: 8,
    inputs: 1,
    ingress_bytes: 100,
    egress_bytes: 1200,
  })
})

test('a stream of which nothing was ever heard is offline', () => {
  expect(toStreamStatus([])).toMatchObject({ status: 'offline', viewers: 0, updated_at: null, hosts: [] })
})
