import { afterAll, beforeAll, expect, test } from 'vitest'
import { StreamStatus, StreamStatusPage } from '../../../shared/contract/periscope-query.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { madeUpStreams } from '../testing/made-up-streams.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { useRecorded } from '../testing/recorded.ts'

const SEED = 23
let events = [] as ReturnType<typeof madeUpStreams>
const recorded = useRecorded((session) => {
  const madeUp = madeUpStreams(session, SEED)
  events = [...session.events, ...madeUp].toSorted((a, b) => (a.occurred_at < b.occurred_at ? -1 : 1))
  return madeUp
})
const { session } = recorded

/** The same platform, told of nothing but what has happened yet. */
let living: TestPeriscopeQuery

beforeAll(async () => {
  living = await openTestPeriscopeQuery()
  for (const id of session.streams.values()) living.streams.set(id, session.tenant_id)
})

afterAll(() => living[Symbol.asyncDispose]())

test('the state as it was is what it would have been told to be then', async () => {
  const moments = [
    '2026-11-24T00:35:33.000Z',
    '2026-11-24T00:38:10.000Z',
    '2026-11-24T02:31:00.000Z',
    '2026-11-24T03:10:00.000Z',
  ]
  const seen = new Set<string>()
  let told = ''
  for (const moment of moments) {
    living.at(moment)
    await living.store(events.filter(({ occurred_at }) => occurred_at >= told && occurred_at < moment))
    told = moment
    const token = await living.identities.user(session.tenant_id)
    recorded.periscope.at('2026-11-24T05:00:00.000Z')
    for (const id of [...session.streams.values()].slice(0, 4)) {
      const then = await receive(StreamStatus, send(living, `GET /streams/${id}/status`, { token }))
      expect(await recorded.ask(StreamStatus, `/streams/${id}/status?at=${moment}`), `${moment} ${id}`).toEqual(then)
      seen.add(then.status)
    }
  }
  expect([...seen].sort(), `seed ${SEED}`).toEqual(['live', 'offline', 'starting', 'unknown'])
})

test('the states of all streams are those of each, page by page', async () => {
  recorded.periscope.at('2026-11-24T03:00:00.000Z')
  const ids = [...session.streams.values()].sort()
  const each = await Promise.all(ids.map((id) => recorded.ask(StreamStatus, `/streams/${id}/status`)))
  const heard = each.filter(({ updated_at }) => updated_at !== null)
  expect(await recorded.all(StreamStatusPage, '/analytics/streams?', 2)).toEqual(heard)
  const on = await recorded.all(StreamStatusPage, '/analytics/streams?on=true&', 2)
  expect(on.length).toBeGreaterThan(0)
  expect(on.length).toBeLessThan(heard.length)
  for (const status of heard.filter(({ status }) => status !== 'offline')) expect(on).toContainEqual(status)
})

test('a moment that is none is refused', async () => {
  const [id] = session.streams.values()
  expect(await refusal(recorded.get(`/streams/${id}/status?at=then`))).toBe('400 invalid_input')
  expect(await refusal(recorded.get('/analytics/streams?on=perhaps'))).toBe('400 invalid_input')
})
