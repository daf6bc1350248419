import { afterAll, beforeAll, expect, test } from 'vitest'
import { IngestErrorPage } from '../../../shared/contract/ingest-errors.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'

let periscope: TestPeriscopeQuery
let operator: string

const error = (offset: number, changes: object = {}) => ({
  dead_from: `analytics_events/0/${offset}`,
  state: 'open',
  at: `2026-11-24T00:00:0${offset}.000Z`,
  logged_at: '2026-11-24T00:00:00.000Z',
  ...{ tenant_id: 'ten_a', event_id: 'e', event_type: 'stream-end', reason: 'invalid_event', detail: '/data is wrong' },
  ...changes,
})

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  operator = await periscope.identities.user(newId('tenant'), { operator: true })
  await periscope.stores.clickhouse.insert('ingest_errors', [
    error(1),
    error(2, { tenant_id: '', event_id: '', event_type: '', reason: 'malformed_event' }),
    error(3),
    error(1, { state: 'replayed', at: '2026-11-24T00:00:04.000Z' }),
  ])
})

afterAll(() => periscope[Symbol.asyncDispose]())

const list = async (query = '') => {
  const { data, next_cursor } = await receive(
    IngestErrorPage,
    send(periscope, `GET /ingest-errors?${query}`, { token: operator }),
  )
  return { offsets: data.map(({ dead_from }) => dead_from.split('/').at(-1)), data, next_cursor }
}

test('operators see what could not be stored, when, whose, why and from where, as it stands now', async () => {
  const { data, offsets } = await list()
  expect(offsets).toEqual(['1', '3', '2'])
  expect(data[0]).toEqual(error(1, { state: 'replayed', at: '2026-11-24T00:00:04.000Z' }))
  expect(data[2]).toMatchObject({ tenant_id: null, event_type: null, reason: 'malformed_event' })
})

test('they can be told apart by state, reason, type, tenant and time', async () => {
  expect((await list('state=open')).offsets).toEqual(['3', '2'])
  expect((await list('reason=malformed_event')).offsets).toEqual(['2'])
  expect((await list('tenant_id=ten_a&event_type=stream-end&state=open')).offsets).toEqual(['3'])
  expect((await list('from=2026-11-24T00:00:03Z&to=2026-11-24T00:00:04Z')).offsets).toEqual(['3'])
})

test('they come in pages, each once', async () => {
  const seen: unknown[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await list(`limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    seen.push(...page.offsets)
    cursor = page.next_cursor
  }
  expect(seen).toEqual(['1', '3', '2'])
})

test('nobody else sees them, and nonsense is refused', async () => {
  const token = await periscope.identities.user(newId('tenant'))
  expect(await refusal(send(periscope, 'GET /ingest-errors', { token }))).toMatch(/^403 /)
  for (const bad of ['state=x', 'cursor=AAAA', 'limit=0', `cursor=${btoa(encodeURIComponent('["x","y"]'))}`]) {
    expect(await refusal(send(periscope, `GET /ingest-errors?${bad}`, { token: operator }))).toMatch(/^400 /)
  }
})
