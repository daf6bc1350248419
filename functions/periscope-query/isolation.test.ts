import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../shared/ids.ts'
import { refusal, send } from '../../shared/testing/api.ts'
import { operationsOf } from '../../shared/testing/operations.ts'
import { eventOf } from '../periscope-ingest/testing/events.ts'
import { heldTables } from './rows/source.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from './testing/periscope-query.ts'
import { RANGE, recordedSession } from './testing/session.ts'

/** Hold the tenant's id, and are not read for a tenant: those of operators, of billing, and of who was deleted. */
const OF_NO_QUESTION = ['forgotten_tenants', 'ingest_errors', 'usage_changes']
const PREDICATE = /tenant_id = \{p\d+:String\}/g

const [mine, theirs] = [recordedSession(), recordedSession()]
let periscope: TestPeriscopeQuery
let token: string
const hosts = new Map([mine, theirs].map(({ tenant_id }) => [tenant_id, newId('node')]))

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  for (const { tenant_id, events, streams } of [mine, theirs]) {
    for (const id of streams.values()) periscope.streams.set(id, tenant_id)
    const own = events.map((event) => ({ ...event, event_id: crypto.randomUUID() }))
    const polled = (['client-lifecycle', 'node-monitoring', 'load-balancing'] as const).map((type) => {
      const owned = { tenant_id, stream_id: streams.get('live+test'), node_id: hosts.get(tenant_id) }
      return eventOf(type, { ...owned, ...(type === 'node-monitoring' && { stream_id: null }) })
    })
    await periscope.store([...own, ...polled])
  }
  token = await periscope.identities.user(mine.tenant_id)
})

afterAll(() => periscope[Symbol.asyncDispose]())

/** Every answer to a tenant, as it is for me. */
async function answers(): Promise<Map<string, string>> {
  const all = new Map<string, string>()
  const stream = mine.streams.get('live+test') ?? ''
  for (const { line, auth } of await operationsOf(periscope)) {
    if (auth !== 'tenant') continue
    const id = line.includes('/nodes/') ? (hosts.get(mine.tenant_id) ?? '') : stream
    const call = `${line.replace('{id}', id)}?from=${RANGE.from}&to=${RANGE.to}`
    const response = await send(periscope, call, { token })
    const text = await response.text()
    expect(response.status, `${call} ${text}`).toBe(200)
    all.set(line, text)
  }
  return all
}

test('every question hears of its own tenant alone, and of nobody else when its own condition is gone', async () => {
  const before = await answers()
  const foreign = [theirs.tenant_id, hosts.get(theirs.tenant_id) ?? '', ...theirs.streams.values()]
  for (const [line, text] of before)
    expect(
      foreign.filter((id) => text.includes(id)),
      line,
    ).toEqual([])

  let gone = 0
  periscope.tamper((sql) => {
    return sql.replaceAll(PREDICATE, (predicate) => {
      gone += 1
      return `(true OR ${predicate})`
    })
  })
  expect(Object.fromEntries(await answers())).toEqual(Object.fromEntries(before))
  expect(gone).toBeGreaterThan(before.size)
})

test('another tenant’s media host is not found', async () => {
  const call = `GET /nodes/${hosts.get(theirs.tenant_id)}/metrics?from=${RANGE.from}&to=${RANGE.to}`
  expect(await refusal(send(periscope, call, { token }))).toBe('404 node_not_found')
})

test('the second hold covers every table that has tenants in it, and would not be missed by one that is new', async () => {
  const found = await periscope.stores.clickhouse.query<{ table: string }>(
    `SELECT table FROM system.columns WHERE database = currentDatabase() AND name = 'tenant_id'
     AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT LIKE '%View')`,
  )
  expect(found.map(({ table }) => table).sort()).toEqual([...heldTables, ...OF_NO_QUESTION].sort())
})

test('without its own condition and without the second hold a question would hear of others', async () => {
  const rows = await periscope.stores.clickhouse.query<{ tenant_id: string }>(
    'SELECT DISTINCT tenant_id FROM final_sessions',
  )
  expect(rows.map(({ tenant_id }) => tenant_id).sort()).toEqual([mine.tenant_id, theirs.tenant_id].sort())
})
