import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import type { Actor } from '../../../shared/context.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { readerOf } from './reader.ts'
import { text } from './source.ts'

let periscope: TestPeriscopeQuery

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  for (const tenant_id of ['ten_a', 'ten_b']) await periscope.store([eventOf('stream-end', { tenant_id })])
})

afterAll(() => periscope[Symbol.asyncDispose]())

const userOf = (tenant_id: string): Actor => {
  return { kind: 'user', user_id: 'usr', tenant_id, role: 'viewer', operator: true }
}
const reader = (actor: Actor) => readerOf({ actor, clickhouse: periscope.stores.clickhouse })
const Tenant = z.object({ tenant_id: z.string() })

test('a query without any condition sees the rows of its tenant alone, an operator’s too', async () => {
  const { ask, rows } = reader(userOf('ten_a'))
  expect(await ask(Tenant)`SELECT tenant_id FROM ${rows('final_runs')}`).toEqual([{ tenant_id: 'ten_a' }])
})

test('a table cannot be named past the reader', async () => {
  const { ask, rows } = reader(userOf('ten_a'))
  await expect(ask(Tenant)`SELECT tenant_id FROM stream_runs`).rejects.toThrow(/a table is named/)
  await expect(ask(Tenant)`SELECT a.tenant_id FROM ${rows('final_runs')} a, stream_runs b`).rejects.toThrow(TypeError)
  await expect(ask(Tenant)`SELECT 1 FROM ${rows('final_runs')} JOIN system.tables`).rejects.toThrow(TypeError)
})

test('a value is a value, whatever it says', async () => {
  const { ask, rows } = reader(userOf('ten_a'))
  const hostile = "' OR 1 = 1) UNION ALL SELECT 'x' --"
  expect(await ask(Tenant)`SELECT tenant_id FROM ${rows('final_runs', { stream_id: hostile })}`).toEqual([])
  const answer = await ask(Tenant)`SELECT ${text(hostile)} AS tenant_id FROM ${rows('final_runs')}`
  expect(answer).toEqual([{ tenant_id: hostile }])
})

test('rows that are not what was promised are our mistake, not the caller’s', async () => {
  const { ask, rows } = reader(userOf('ten_a'))
  const wrong = ask(z.object({ tenant_id: z.number() }))`SELECT tenant_id FROM ${rows('final_runs')}`
  await expect(wrong).rejects.toMatchObject({ kind: 'internal', message: 'Internal error' })
})

test.each([
  ['nobody', { kind: 'anonymous' }, 'unauthenticated'],
  ['a media host', { kind: 'node', node_id: 'n', cluster_id: 'c' }, 'forbidden'],
  ['a service', { kind: 'service', service: 'purser' }, 'forbidden'],
  [
    'an API token without the scope',
    { kind: 'api_token', token_id: 't', tenant_id: 'ten_a', scopes: ['streams:read'], operator: false },
    'forbidden',
  ],
] as [string, Actor, string][])('%s gets no reader', (_, actor, kind) => {
  expect(() => reader(actor)).toThrow(expect.objectContaining({ kind }))
})
