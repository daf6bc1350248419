import { afterAll, beforeAll, expect, test } from 'vitest'
import { inspectIsolation } from '../../../shared/testing/isolation.ts'
import type { OwnedEvent } from '../tables/table.ts'
import { eventOf } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { newest } from './registers.ts'
import { ROWS_MAX, writeState } from './write.ts'

let stores: TestStores

beforeAll(async () => {
  stores = await openTestStores()
})

afterAll(() => stores[Symbol.asyncDispose]())

const owned = (changes: Parameters<typeof eventOf>[1], type: Parameters<typeof eventOf>[0] = 'stream-end') =>
  ({ ...eventOf(type, changes), tenant_id: String(changes?.tenant_id) }) as OwnedEvent

async function stateOf(tenant_id: string) {
  return stores.db.within({ tenant_id }, (tx) =>
    tx.selectFrom('stream_state').select(['stream_id', 'aspect', 'event_id']).orderBy('stream_id').execute(),
  )
}

test('an older event that arrives late changes nothing, and an equal one neither', async () => {
  const tenant_id = 'ten_late'
  const late = owned({ tenant_id, occurred_at: '2026-11-24T00:00:00.000Z' })
  const recent = owned({ tenant_id, occurred_at: '2026-11-24T00:00:00.001Z' })
  await writeState(stores.db, [recent])
  await writeState(stores.db, [late])
  await writeState(stores.db, [late, recent, late])
  expect(await stateOf(tenant_id)).toEqual([{ stream_id: 'str_a', aspect: 'end', event_id: recent.event_id }])
})

test('of two events at one moment the same one stays, whichever comes first', async () => {
  const pair = (tenant_id: string) =>
    ['00000000-0000-5000-8000-000000000001', 'f0000000-0000-5000-8000-000000000001'].map((event_id) =>
      owned({ tenant_id, event_id }),
    )
  for (const event of pair('ten_first')) await writeState(stores.db, [event])
  for (const event of pair('ten_last').toReversed()) await writeState(stores.db, [event])
  await writeState(stores.db, pair('ten_both'))
  const [first, last, both] = await Promise.all(['ten_first', 'ten_last', 'ten_both'].map(stateOf))
  expect(first).toEqual(last)
  expect(first).toEqual(both)
})

test('one tenant’s state is out of another’s sight and reach, whatever the query', async () => {
  await writeState(stores.db, [owned({ tenant_id: 'ten_one' }), owned({ tenant_id: 'ten_one' }, 'node-monitoring')])
  for (const table of ['stream_state', 'node_state'] as const) {
    const all = (scope: { tenant_id?: string }) =>
      stores.db.within(scope, (tx) => tx.selectFrom(table).select('tenant_id').execute())
    expect(await all({ tenant_id: 'ten_one' })).toEqual([{ tenant_id: 'ten_one' }])
    expect(await all({ tenant_id: 'ten_two' })).toEqual([])
    expect(await all({})).toEqual([])
  }
  const forged = stores.db.within({ tenant_id: 'ten_two' }, (tx) =>
    tx
      .insertInto('node_state')
      .values({
        tenant_id: 'ten_one',
        node_id: 'n',
        cluster_id: null,
        occurred_at: '2026-11-24T00:00:00.000Z',
        event_id: crypto.randomUUID(),
        data: '{}',
      })
      .execute(),
  )
  await expect(forged).rejects.toThrow(/row-level security/)
})

test('no table and no role of the service lets another tenant’s rows through', async () => {
  expect(await inspectIsolation(stores.db)).toEqual({ tables: ['node_state', 'stream_state'], gaps: [] })
})

test('more rows than one statement takes are written in several', async () => {
  const tenant_id = 'ten_many'
  const streams = Array.from({ length: ROWS_MAX + 1 }, (_, i) => owned({ tenant_id, stream_id: `str_${i}` }))
  await writeState(stores.db, streams)
  expect(await stateOf(tenant_id)).toHaveLength(ROWS_MAX + 1)
})

test('the newest of each key is kept, ordered by key', () => {
  const version = (key: string, occurred_at: string) => ({ key, occurred_at, event_id: 'a' })
  const kept = newest([version('b', '2'), version('a', '1'), version('b', '1')], ({ key }) => key)
  expect(kept).toEqual([version('a', '1'), version('b', '2')])
})
