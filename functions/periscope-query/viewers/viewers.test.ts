import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Audience, audienceDimensions } from '../../../shared/contract/audience.ts'
import type { Bucket } from '../../../shared/contract/series.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { toBuckets } from '../series/buckets.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { RANGE, recordedSession } from '../testing/session.ts'
import { slowAudience as slowFigures, slowVisits, type Visit } from '../testing/slow-visits.ts'

const session = recordedSession()
const NOW = '2026-11-24T00:44:30.000Z'
const places = [
  null,
  { country_code: 'NL', city: 'Delft', latitude: 52, longitude: 4, h3_cell: '85196bb3fffffff' },
  { country_code: 'NL', city: null, latitude: null, longitude: null, h3_cell: null },
  { country_code: 'US', city: 'Delft', latitude: 40, longitude: -90, h3_cell: '8526ac63fffffff' },
]

const events = session.events.map(withPlace)

/** The recording knows no places: each viewer gets one, the same at the start and at the end. */
function withPlace(event: StoredEvent): StoredEvent {
  if (event.event_type !== 'user-connection') return event
  const data = event.data as StoredEvent<'user-connection'>['data']
  const place = places[Number.parseInt(data.session_id.slice(-6), 36) % places.length] ?? null
  return { ...event, data: { ...data, place } } as StoredEvent
}

let periscope: TestPeriscopeQuery
let token: string

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  for (const id of session.streams.values()) periscope.streams.set(id, session.tenant_id)
  await periscope.store(events)
  await periscope.store(events.slice(0, 50))
  periscope.at(NOW)
  token = await periscope.identities.user(session.tenant_id)
})

afterAll(() => periscope[Symbol.asyncDispose]())

const get = (query: string) => send(periscope, `GET /analytics/viewers?${query}`, { token })
const asked = (query: string) => receive(Audience, get(query))
const ofTenant = events.filter(({ tenant_id }) => tenant_id !== null)
const range = { from: '2026-11-24T00:36:00.000Z', to: RANGE.to }
const within = `from=${range.from}&to=${range.to}`

const [start, end] = [Date.parse(range.from), Date.parse(range.to)]
const slowPoints = (visits: readonly Visit[], bucket: Bucket) => {
  const starts = toBuckets({ ...range, time_zone: 'UTC' }, bucket)
  return starts.map((at, index) => {
    return { at: new Date(at).toISOString(), ...slowFigures(visits, at, starts[index + 1] ?? end) }
  })
}
const visits = slowVisits(ofTenant, range, new Date(NOW))

describe('viewers over time', () => {
  test('are those of the recording, worked out event by event', async () => {
    expect(visits.length).toBeGreaterThan(30)
    for (const bucket of ['1m', '5m', '1h'] as const) {
      const { total, points, groups } = await asked(`${within}&bucket=${bucket}`)
      expect(total).toEqual(slowFigures(visits, start, end))
      expect(points).toEqual(slowPoints(visits, bucket))
      expect(groups).toEqual([])
    }
  })

  test.each(audienceDimensions)('by %s are those of each value, the most watched first', async (by) => {
    const { groups, groups_total } = await asked(`${within}&bucket=5m&by=${by}`)
    const byValue = Map.groupBy(visits, (visit) => visit[by])
    expect(groups_total).toBe(byValue.size)
    expect(groups).toHaveLength(byValue.size)
    for (const { value, points, ...figures } of groups) {
      const own = byValue.get(value ?? '') ?? []
      expect(figures).toEqual(slowFigures(own, start, end))
      expect(points).toEqual(slowPoints(own, '5m'))
    }
    const hours = groups.map(({ viewer_hours }) => viewer_hours)
    expect(hours).toEqual(hours.toSorted((a, b) => b - a))
  })

  test('of one country, city, protocol, host or stream are those alone', async () => {
    const stream = session.streams.get('live+test') ?? ''
    const some = { country_code: 'NL', city: 'US/Delft', protocol: 'HLS', stream_id: stream, cell: '' }
    for (const [name, value] of Object.entries(some)) {
      const own = visits.filter((visit) => visit[name as keyof typeof some] === value)
      expect(own.length, name).toBeGreaterThan(0)
      expect((await asked(`${within}&${name}=${encodeURIComponent(value)}`)).total, name).toEqual(
        slowFigures(own, start, end),
      )
    }
  })

  test('of groups that are left out are still in the total', async () => {
    const { groups, groups_total, total } = await asked(`${within}&by=protocol&groups=1`)
    expect(groups).toHaveLength(1)
    expect(groups_total).toBeGreaterThan(1)
    expect(total).toEqual(slowFigures(visits, start, end))
  })
})

test('a series of the most points there may be has them all, also when its ends are cut', async () => {
  const from = '2026-11-23T23:40:30.000Z'
  const { points } = await asked(`from=${from}&to=2026-11-25T00:40:30Z&bucket=1m`)
  expect(points).toHaveLength(1_501)
  expect(points.find(({ at }) => at === '2026-11-24T00:36:00.000Z')).toEqual(slowPoints(visits, '1m')[0])
})

describe('the answer', () => {
  test('as CSV and as NDJSON has one row for each point of each group', async () => {
    const query = `${within}&bucket=1h&by=country_code`
    const { groups } = await asked(query)
    const rows = groups.flatMap(({ value, points }) => points.map((point) => ({ country_code: value, ...point })))
    const lines = await (await get(`${query}&format=ndjson`)).text()
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows)
    const csv = await get(`${query}&format=csv`)
    expect(csv.headers.get('content-type')).toMatch(/^text\/csv/)
    const [header, ...cells] = (await csv.text()).trimEnd().split('\r\n')
    expect(header).toBe('country_code,at,viewers,viewers_peak,viewers_unique,viewer_hours')
    expect(cells).toEqual(
      rows.map((row) =>
        Object.values(row)
          .map((cell) => cell ?? '')
          .join(),
      ),
    )
  })

  test('is not sent again to whom has it', async () => {
    const first = await get(within)
    const tag = first.headers.get('etag') ?? ''
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    const headers = { 'if-none-match': tag }
    const again = await send(periscope, `GET /analytics/viewers?${within}`, { token, headers })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const other = await send(periscope, `GET /analytics/viewers?${within}&protocol=HLS`, { token, headers })
    expect(other.status).toBe(200)
  })

  test.each([
    'bucket=2m',
    'bucket=1m&from=2026-01-01T00:00:00Z',
    'bucket=5m&by=city&groups=100&from=2026-11-20T00:00:00Z',
    'by=device',
    'groups=101',
    'time_zone=Mars/Olympus',
    'time_zone=%2B01:00',
    'format=xml',
    'stream_id=x',
    'from=2026-11-25T00:00:00Z',
  ])('refuses %s with 400', async (query) => {
    const asked = new URLSearchParams({ ...range, ...Object.fromEntries(new URLSearchParams(query)) })
    expect(await refusal(get(asked.toString()))).toBe('400 invalid_input')
  })
})
