import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  RunPage,
  SessionPage,
  StreamStatus,
  TrackListPage,
  UnattributedPage,
  Usage,
  Viewers,
} from '../../shared/contract/periscope-query.ts'
import { newId } from '../../shared/ids.ts'
import { receive, refusal, send } from '../../shared/testing/api.ts'
import { operationsOf } from '../../shared/testing/operations.ts'
import { numbersWithoutWords } from './testing/definitions.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from './testing/periscope-query.ts'
import { RANGE, recordedSession } from './testing/session.ts'

const session = recordedSession()
const foreign = newId('stream')
const range = `from=${RANGE.from}&to=${RANGE.to}`
let periscope: TestPeriscopeQuery
let token: string

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  for (const id of session.streams.values()) periscope.streams.set(id, session.tenant_id)
  periscope.streams.set(foreign, newId('tenant'))
  await periscope.store(session.events)
  token = await periscope.identities.user(session.tenant_id, { role: 'viewer' })
})

afterAll(() => periscope[Symbol.asyncDispose]())

const get = (path: string, as = token) => send(periscope, `GET ${path}`, { token: as })
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** The sums straight from the recorded events. */
function expectedUsage(stream_id?: string) {
  const ended = session
    .of('user-connection', stream_id)
    .flatMap(({ data }) => (data.action === 'disconnect' ? [data] : []))
  const runs = session.of('stream-end', stream_id).map(({ data }) => data)
  const recordings = session
    .of('recording-lifecycle', stream_id)
    .flatMap(({ data }) => (data.action === 'end' ? [data] : []))
  return {
    stream_id: stream_id ?? null,
    ...RANGE,
    sessions: ended.length,
    viewer_seconds: sum(ended.map(({ seconds }) => seconds)),
    egress_bytes: sum(ended.map(({ egress_bytes }) => egress_bytes)),
    ingress_bytes: sum(ended.map(({ ingress_bytes }) => ingress_bytes)),
    runs: {
      count: runs.length,
      ingress_bytes: sum(runs.map((run) => run.ingress_bytes)),
      egress_bytes: sum(runs.map((run) => run.egress_bytes)),
      viewer_seconds: sum(runs.map((run) => run.viewer_seconds)),
      viewers: sum(runs.map((run) => run.viewers)),
      inputs: sum(runs.map((run) => run.inputs)),
      outputs: sum(runs.map((run) => run.outputs)),
    },
    recordings: recordings.length,
    recorded_seconds: sum(recordings.map(({ media_ms }) => media_ms)) / 1000,
    recorded_bytes: sum(recordings.map(({ bytes }) => bytes ?? 0)),
    complete_until: '2026-11-24T00:58:00.000Z',
    windows: [],
  }
}

describe('usage', () => {
  test('of each stream, and of the tenant, is the sum of what was recorded', async () => {
    for (const id of session.streams.values()) {
      expect(await receive(Usage, get(`/streams/${id}/usage?${range}`))).toEqual(expectedUsage(id))
    }
    const all = await receive(Usage, get(`/usage?${range}`))
    expect(all).toEqual(expectedUsage())
    expect(all.sessions).toBeGreaterThan(20)
    expect(all.recordings).toBeGreaterThan(0)
  })

  test('does not change when every event comes again', async () => {
    await periscope.store(session.events.toReversed())
    expect(await receive(Usage, get(`/usage?${range}`))).toEqual(expectedUsage())
  })

  test('of two ranges that meet is that of both together, with each end in one of them', async () => {
    const [first] = session.of('stream-end').map(({ occurred_at }) => occurred_at)
    const before = await receive(Usage, get(`/usage?from=${RANGE.from}&to=${first}`))
    const after = await receive(Usage, get(`/usage?from=${first}&to=${RANGE.to}`))
    expect(before.runs.count).toBe(0)
    expect(after.runs.count).toBe(expectedUsage().runs.count)
    expect(before.sessions + after.sessions).toBe(expectedUsage().sessions)
    expect(before.egress_bytes + after.egress_bytes).toBe(expectedUsage().egress_bytes)
  })
})

test('sessions come page by page, the latest first, each once', async () => {
  const stream = session.streams.get('live+test') ?? ''
  const seen: SessionPage['data'] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: SessionPage = await receive(
      SessionPage,
      get(`/streams/${stream}/sessions?limit=7${cursor && `&cursor=${encodeURIComponent(cursor)}`}`),
    )
    expect(page.data.length).toBeLessThanOrEqual(7)
    seen.push(...page.data)
    cursor = page.next_cursor
  }
  const ended = session.of('user-connection', stream).flatMap((event) => {
    return event.data.action === 'disconnect'
      ? [{ ...event.data, event_id: event.event_id, ended_at: event.occurred_at }]
      : []
  })
  const byEnd = ended.toSorted((a, b) => (a.ended_at < b.ended_at ? 1 : -1))
  expect(seen.map(({ ended_at }) => ended_at)).toEqual(byEnd.map(({ ended_at }) => ended_at))
  expect(new Set(seen.map(({ event_id }) => event_id))).toEqual(new Set(ended.map(({ event_id }) => event_id)))
  const [last] = byEnd
  expect(seen[0]).toMatchObject({
    session_id: last?.session_id,
    seconds: last?.seconds,
    egress_bytes: last?.egress_bytes,
    started_at: new Date(Date.parse(last?.ended_at ?? '') - (last?.seconds ?? 0) * 1000).toISOString(),
    host: '127.0.0.0',
    country_code: null,
    provenance: 'reported',
  })
})

test('a list can be cut to a range', async () => {
  const stream = session.streams.get('live+test') ?? ''
  const ends = session
    .of('user-connection', stream)
    .flatMap(({ data, occurred_at }) => (data.action === 'disconnect' ? [occurred_at] : []))
  const [from, to] = [ends[2] ?? '', ends[5] ?? '']
  const { data } = await receive(SessionPage, get(`/streams/${stream}/sessions?from=${from}&to=${to}`))
  expect(data.map(({ ended_at }) => ended_at)).toEqual(ends.slice(2, 5).toReversed())
})

test('a run has its start, its end and what the host counted', async () => {
  const stream = session.streams.get('live+short') ?? ''
  const { data } = await receive(RunPage, get(`/streams/${stream}/runs`))
  expect(data).toMatchObject([
    {
      started_at: '2026-11-24T00:38:00.329Z',
      ended_at: '2026-11-24T00:38:31.313Z',
      ingress_bytes: 1_095_450,
      egress_bytes: 3_724,
      inputs: 1,
    },
  ])
})

test('tracks are those that the host announced', async () => {
  const stream = session.streams.get('live+test') ?? ''
  const { data } = await receive(TrackListPage, get(`/streams/${stream}/tracks`))
  const lists = session.of('track-list', stream).map(({ data: { tracks } }) => tracks)
  expect(data.map(({ tracks }) => tracks)).toEqual(lists.toReversed())
})

describe('the status of a stream', () => {
  test('follows the recording: on while it is published, off afterwards', async () => {
    periscope.at('2026-11-24T00:46:00.000Z')
    const on = await receive(StreamStatus, get(`/streams/${session.streams.get('live+test')}/status`))
    expect(on).toMatchObject({ status: 'unknown', started_at: '2026-11-24T00:35:32.332Z' })
    expect(on.tracks.length).toBeGreaterThan(0)
    periscope.at('2026-11-24T00:44:30.000Z')
    const srt = await receive(StreamStatus, get(`/streams/${session.streams.get('live+srt')}/status`))
    expect(srt).toMatchObject({ status: 'offline', started_at: null, viewers: 0, tracks: [] })
    expect(srt.hosts).toMatchObject([{ status: 'offline', buffer: { state: 'EMPTY' } }])
  })

  test('is offline for a stream that Commodore knows and nobody has published', async () => {
    const fresh = newId('stream')
    periscope.streams.set(fresh, session.tenant_id)
    const status = await receive(StreamStatus, get(`/streams/${fresh}/status`))
    expect(status).toMatchObject({ status: 'offline', updated_at: null, hosts: [] })
  })
})

describe('viewers over time', () => {
  test('are the recorded sessions laid over the range', async () => {
    const stream = session.streams.get('live+test') ?? ''
    const ended = session
      .of('user-connection', stream)
      .flatMap(({ data }) => (data.action === 'disconnect' ? [data] : []))
    const viewers = await receive(Viewers, get(`/streams/${stream}/viewers?${range}&step_seconds=10`))
    expect(viewers.points).toHaveLength(360)
    expect(viewers.viewers_unique).toBe(new Set([...ended, ...open(stream)].map(({ session_id }) => session_id)).size)
    const watched = sum(viewers.points.map((point) => point.viewers * 10))
    const finished = sum(ended.map(({ seconds }) => seconds))
    const stillOpen = open(stream).length * 60
    expect(watched).toBeCloseTo(finished + stillOpen, 0)
    expect(viewers.viewer_hours).toBeCloseTo(watched / 3600, 2)
    expect(viewers.viewers_peak).toBe(Math.max(...viewers.points.map((point) => point.viewers)))
  })

  /** Sessions that arrived and whose end is not in the recording: they count until a minute after they were heard of. */
  function open(stream: string) {
    const connections = session.of('user-connection', stream)
    const arrivals = connections.flatMap(({ data }) => (data.action === 'connect' ? [data] : []))
    return arrivals.filter(
      ({ session_id }) =>
        !connections.some(({ data }) => data.action === 'disconnect' && data.session_id === session_id),
    )
  }

  test('have as many points as the caller’s step, or as fit', async () => {
    const stream = session.streams.get('live+test') ?? ''
    const fitted = await receive(Viewers, get(`/streams/${stream}/viewers?${range}`))
    expect(fitted.step_seconds).toBe(18)
    const uneven = await receive(Viewers, get(`/streams/${stream}/viewers?${range}&step_seconds=3599`))
    expect(uneven.points.map(({ at }) => at)).toEqual([RANGE.from, '2026-11-24T00:59:59.000Z'])
  })
})

describe('what belongs to nobody', () => {
  test('is listed for operators', async () => {
    const operator = await periscope.identities.user(newId('tenant'), { operator: true })
    const { data } = await receive(UnattributedPage, get('/unattributed?limit=200', operator))
    const strays = session.events.filter(({ tenant_id }) => tenant_id === null)
    expect(new Set(data.map(({ event_id }) => event_id))).toEqual(new Set(strays.map(({ event_id }) => event_id)))
    expect(data.map(({ stream_name }) => stream_name)).toContain('dynvod')
    expect(data[0]?.event).toEqual(strays.find(({ event_id }) => event_id === data[0]?.event_id))
  })

  test('is for nobody else', async () => {
    expect(await refusal(get('/unattributed', await periscope.identities.user(session.tenant_id)))).toMatch(/^403 /)
  })
})

describe('every operation', () => {
  const query = `?${range}`

  test('is documented, with its units', async () => {
    const response = await periscope.fetch(new Request('http://service.test/openapi.json'))
    expect(numbersWithoutWords(await response.json())).toEqual([])
    expect((await operationsOf(periscope)).map(({ line }) => line).sort()).toEqual([
      'GET /analytics/nodes',
      'GET /analytics/overview',
      'GET /analytics/quality',
      'GET /analytics/routing',
      'GET /analytics/streams',
      'GET /analytics/tiers',
      'GET /analytics/usage',
      'GET /analytics/viewers',
      'GET /ingest-errors',
      'GET /nodes/{id}/metrics',
      'GET /routing/decisions',
      'GET /streams/{id}/health',
      'GET /streams/{id}/pushes',
      'GET /streams/{id}/recordings',
      'GET /streams/{id}/runs',
      'GET /streams/{id}/sessions',
      'GET /streams/{id}/status',
      'GET /streams/{id}/tracks',
      'GET /streams/{id}/usage',
      'GET /streams/{id}/viewers',
      'GET /unattributed',
      'GET /usage',
      'GET /usage/changes',
    ])
  })

  test('takes a user’s token and no other', async () => {
    const { identities } = periscope
    const others = [await identities.node(newId('cluster')), await identities.service('purser', 'periscope-query')]
    const mine = [...session.streams.values()][0] ?? ''
    for (const { line, auth } of await operationsOf(periscope)) {
      const call = line.replace('{id}', line.includes('/nodes/') ? newId('node') : mine) + query
      expect(await refusal(send(periscope, call)), line).toMatch(/^401 /)
      if (auth === 'service') continue
      for (const other of others) expect(await refusal(send(periscope, call, { token: other })), line).toMatch(/^403 /)
    }
  })

  test('hides another tenant’s stream, one that does not exist and what is no id alike', async () => {
    for (const { line } of await operationsOf(periscope)) {
      if (!line.includes('{id}')) continue
      const thing = line.includes('/nodes/') ? 'node' : 'stream'
      for (const id of thing === 'stream' ? [foreign, newId('stream')] : [newId('node')]) {
        const call = line.replace('{id}', id) + query
        expect(await refusal(send(periscope, call, { token })), line).toBe(`404 ${thing}_not_found`)
      }
      for (const id of ['x', '%00', 'a'.repeat(5000), "str_' OR 1=1"]) {
        const call = line.replace('{id}', encodeURI(id)) + query
        expect(await refusal(send(periscope, call, { token })), line).toMatch(/^404 /)
      }
    }
  })

  test.each([
    'usage',
    'usage?from=2026-11-24T00:00:00Z',
    'usage?from=yesterday&to=today',
    'usage?from=2026-11-24T00:00:00&to=2026-11-25T00:00:00',
    'usage?from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z',
    'usage?from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z',
    'usage?from=2020-01-01T00:00:00Z&to=2026-11-24T00:00:00Z',
    `usage?${range}&step_seconds=299`,
    'usage?from=2026-01-01T00:00:00Z&to=2026-11-24T00:00:00Z&step_seconds=300',
    `viewers?${range}&step_seconds=9`,
    `viewers?${range}&step_seconds=1e9x`,
    'viewers?from=2026-01-01T00:00:00Z&to=2026-11-24T00:00:00Z&step_seconds=10',
    'sessions?limit=0',
    'sessions?limit=201',
    'sessions?limit=ten',
    'sessions?cursor=AAAA',
    'sessions?cursor=%00',
    `sessions?cursor=${btoa(encodeURIComponent(JSON.stringify(['x', 'y'])))}`,
    `sessions?cursor=${'a'.repeat(600)}`,
  ])('refuses bad input with 400: %s', async (path) => {
    const stream = [...session.streams.values()][0]
    expect(await refusal(get(`/streams/${stream}/${path}`))).toMatch(/^400 /)
  })
})
