import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { UsageChanges } from '../../../shared/contract/periscope-query.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { recordedSession } from '../testing/session.ts'
import { CHANGES_SETTLE_MS } from './changes.ts'

let periscope: TestPeriscopeQuery
let token: string

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
})

beforeEach(async () => {
  await settled()
})

afterAll(() => periscope[Symbol.asyncDispose]())

/** Lets every change so far be old enough to be told. */
async function settled(): Promise<void> {
  periscope.at(new Date(Date.now() + CHANGES_SETTLE_MS + 1_000).toISOString())
  token = await periscope.identities.service('purser', 'periscope-query')
}

let cursor: string | null = null

async function changes(limit = 1_000): Promise<UsageChanges['data']> {
  await settled()
  const from = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
  const answer = await receive(UsageChanges, send(periscope, `GET /usage/changes?limit=${limit}${from}`, { token }))
  cursor = answer.next_cursor
  return answer.data
}

const total = (data: UsageChanges['data'], meter: string) =>
  data.flatMap(({ quantities }) => quantities).reduce((sum, one) => sum + (one.meter === meter ? one.quantity : 0), 0)

const data = { ingress_bytes: 7, egress_bytes: 8, viewers: 3, inputs: 1, outputs: 0, viewer_seconds: 40 }
const run = (tenant_id: string, occurred_at: string, more: object): StoredEvent =>
  eventOf('stream-end', { tenant_id, occurred_at, data: { ...data, provenance: 'reported', ...more } })

test('everything that was stored is told, with its sums, and then nothing more', async () => {
  const { tenant_id, events, of } = recordedSession()
  await periscope.store(events)
  const told = await changes()
  expect(new Set(told.map((change) => change.tenant_id))).toEqual(new Set([tenant_id]))
  const ended = of('user-connection').flatMap((event) => (event.data.action === 'disconnect' ? [event.data] : []))
  expect(total(told, 'sessions')).toBe(ended.length)
  expect(total(told, 'egress_bytes')).toBe(ended.reduce((sum, { egress_bytes }) => sum + egress_bytes, 0))
  expect(total(told, 'runs')).toBe(of('stream-end').length)
  expect(total(told, 'recordings')).toBe(
    of('recording-lifecycle').filter((event) => event.data.action === 'end').length,
  )
  expect(total(told, 'pushes')).toBe(of('push-lifecycle').filter((event) => event.data.action === 'end').length)
  const again = cursor
  expect(await changes()).toEqual([])
  expect(cursor).toBe(again)
})

test('a late fact brings its window again, with the whole of it', async () => {
  const tenant_id = newId('tenant')
  const first = run(tenant_id, '2026-11-24T00:02:00.000Z', {})
  await periscope.store([first, run(tenant_id, '2026-11-24T00:07:00.000Z', {})])
  expect(await changes()).toHaveLength(2)
  await periscope.store([run(tenant_id, '2026-11-24T00:03:00.000Z', { egress_bytes: 100 })])
  expect(await changes()).toMatchObject([
    {
      tenant_id,
      from: '2026-11-24T00:00:00.000Z',
      to: '2026-11-24T00:05:00.000Z',
      quantities: expect.arrayContaining([{ cluster_id: 'clu_a', meter: 'run_egress_bytes', quantity: 108 }]),
    },
  ])
  await periscope.store([first])
  expect(total(await changes(), 'run_egress_bytes')).toBe(108)
})

test('an end that replaces a made-up one changes both windows, and leaves the old one empty', async () => {
  const tenant_id = newId('tenant')
  const madeUp = run(tenant_id, '2026-11-24T00:02:00.000Z', { provenance: 'reconciled' })
  await periscope.store([madeUp])
  expect(total(await changes(), 'runs')).toBe(1)
  const replaces = { event_id: madeUp.event_id, occurred_at: madeUp.occurred_at }
  await periscope.store([run(tenant_id, '2026-11-24T00:12:00.000Z', { replaces })])
  const told = await changes()
  expect(told.map(({ from, quantities }) => [from.slice(11, 16), quantities.length > 0])).toEqual([
    ['00:00', false],
    ['00:10', true],
  ])
  expect(total(told, 'runs')).toBe(1)
})

test('changes come in pages, each once', async () => {
  const tenants = Array.from({ length: 5 }, () => newId('tenant'))
  await periscope.store(tenants.map((tenant_id) => run(tenant_id, '2026-11-24T00:02:00.000Z', {})))
  const seen: string[] = []
  for (let page = await changes(2); page.length > 0; page = await changes(2)) {
    expect(page.length).toBeLessThanOrEqual(2)
    seen.push(...page.map(({ tenant_id }) => tenant_id))
  }
  expect(seen.sort()).toEqual(tenants.sort())
})

test('a change is told only when no earlier one can still appear', async () => {
  await periscope.store([run(newId('tenant'), '2026-11-24T00:02:00.000Z', {})])
  periscope.at(new Date(Date.now() + CHANGES_SETTLE_MS - 30_000).toISOString())
  token = await periscope.identities.service('purser', 'periscope-query')
  const path = `GET /usage/changes?cursor=${encodeURIComponent(cursor ?? '')}`
  expect((await receive(UsageChanges, send(periscope, path, { token }))).data).toEqual([])
  expect(await changes()).toHaveLength(1)
})

test('changes are for billing alone', async () => {
  for (const other of [
    await periscope.identities.user(newId('tenant'), { operator: true }),
    await periscope.identities.service('foghorn', 'periscope-query'),
  ]) {
    expect(await refusal(send(periscope, 'GET /usage/changes', { token: other }))).toMatch(/^403 /)
  }
  for (const bad of ['limit=0', 'limit=1001', 'cursor=AAAA', `cursor=${btoa(encodeURIComponent('["x","y","z"]'))}`]) {
    expect(await refusal(send(periscope, `GET /usage/changes?${bad}`, { token }))).toMatch(/^400 /)
  }
})
