import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Viewers } from '../../../shared/contract/periscope-query.ts'
import { StoredEvent } from '../../../shared/events/envelope.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { HEARD_MS } from '../viewers/visits.ts'

const START = Date.parse('2026-11-24T00:00:00.000Z')
const SECONDS = 600
const tenant_id = newId('tenant')
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString()

let periscope: TestPeriscopeQuery

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
})

afterAll(() => periscope[Symbol.asyncDispose]())

function event(stream_id: string, event_type: string, seconds: number, data: object): StoredEvent {
  const envelope = { tenant_id, stream_id, node_id: 'n', cluster_id: 'c', stream_name: 'live+x', source: 'helmsman' }
  const times = { occurred_at: at(seconds), received_at: at(seconds) }
  return StoredEvent.parse({
    ...envelope,
    ...times,
    event_id: crypto.randomUUID(),
    event_type,
    schema_version: 1,
    data,
  })
}

const opening = { host: '192.0.2.0', connector: 'HLS' }
const came = (stream: string, session_id: string, seconds: number) =>
  event(stream, 'user-connection', seconds, { action: 'connect', session_id, ...opening, request_url: 'http://h/x' })
const left = (stream: string, session_id: string, end: number, seconds: number) =>
  event(stream, 'user-connection', end, {
    ...{ action: 'disconnect', session_id, ...opening, seconds, egress_bytes: 1, ingress_bytes: 1 },
    ...{ hosts: [], connectors: [], streams: [], tags: [], provenance: 'reported' },
  })
const polled = (stream: string, session_id: string, seconds: number, connected_seconds: number) =>
  event(stream, 'client-lifecycle', seconds, { samples: [{ ...sample, session_id, connected_seconds }] })

const sample = {
  role: 'viewer',
  connector: 'HLS',
  position_seconds: 0,
  egress_bytes: 1,
  ingress_bytes: 1,
  egress_bytes_delta: null,
  ingress_bytes_delta: null,
  egress_bytes_per_second: 1,
  ingress_bytes_per_second: 1,
  packets_sent: 0,
  packets_lost: 0,
  packets_retransmitted: 0,
}

async function viewersOf(stream: string, step_seconds: number, from = at(0), to = at(SECONDS)): Promise<Viewers> {
  const token = await periscope.identities.user(tenant_id)
  const path = `/streams/${stream}/viewers?from=${from}&to=${to}&step_seconds=${step_seconds}`
  return receive(Viewers, send(periscope, `GET ${path}`, { token }))
}

function newStream(): string {
  const stream = newId('stream')
  periscope.streams.set(stream, tenant_id)
  return stream
}

test('finished sessions count second by second, also those that began before the range or end after it', async () => {
  const visit = fc.record({
    end: fc.integer({ min: -50, max: SECONDS + 300 }),
    seconds: fc.integer({ min: 0, max: 400 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(visit, { maxLength: 12 }), fc.integer({ min: 10, max: 700 }), async (visits, step) => {
      const stream = newStream()
      const sessions = visits.map((one, index) => ({ ...one, id: `s${index}` }))
      await periscope.store(
        sessions.flatMap(({ id, end, seconds }) => [came(stream, id, end - seconds), left(stream, id, end, seconds)]),
      )
      const { points } = await viewersOf(stream, step)
      points.forEach(({ viewers }, index) => {
        const [start, stop] = [index * step, Math.min((index + 1) * step, SECONDS)]
        const open = sessions.map(({ end, seconds }) =>
          Math.max(0, Math.min(end, stop) - Math.max(end - seconds, start)),
        )
        expect(viewers).toBeCloseTo(open.reduce((total, part) => total + part, 0) / (stop - start), 2)
      })
    }),
    { numRuns: 8 },
  )
})

test('a session that has not ended counts from its arrival until a minute after it was last heard of', async () => {
  const stream = newStream()
  await periscope.store([came(stream, 'a', 100), polled(stream, 'a', 160, 60), polled(stream, 'a', 220, 120)])
  const { points, viewer_hours, viewers_unique } = await viewersOf(stream, 20)
  const open = points.filter(({ viewers }) => viewers > 0).map(({ at: start }) => (Date.parse(start) - START) / 1000)
  expect([open[0], open.at(-1)]).toEqual([100, 220 + HEARD_MS / 1000 - 20])
  expect(viewer_hours).toBeCloseTo((120 + 60) / 3600, 3)
  expect(viewers_unique).toBe(1)
})

test('a session that was heard of only by a poll counts from when the poll says it began', async () => {
  const stream = newStream()
  await periscope.store([polled(stream, 'a', 160, 60)])
  const { points } = await viewersOf(stream, 20)
  expect(points.findIndex(({ viewers }) => viewers === 1) * 20).toBe(100)
})

test('a viewer who comes back under the same session id is open again, and was away in between', async () => {
  const stream = newStream()
  await periscope.store([came(stream, 'a', 20), left(stream, 'a', 120, 100), came(stream, 'a', 300)])
  const { points, viewers_unique } = await viewersOf(stream, 20)
  const open = points.filter(({ viewers }) => viewers === 1).map(({ at: start }) => (Date.parse(start) - START) / 1000)
  expect(open).toEqual([20, 40, 60, 80, 100, 300, 320, 340])
  expect(viewers_unique).toBe(1)
})

test('the future has no viewers', async () => {
  const stream = newStream()
  periscope.at(at(110))
  await periscope.store([came(stream, 'a', 100)])
  const { viewer_hours } = await viewersOf(stream, 20)
  expect(viewer_hours).toBeCloseTo(10 / 3600, 3)
})
