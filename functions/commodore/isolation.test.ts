import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../../shared/testing/api.ts'
import { inspectIsolation } from '../../shared/testing/isolation.ts'
import { type Account, openCommodore, type TestCommodore } from './testing/commodore.ts'
import { createSigningKey } from './testing/viewer-tokens.ts'

let door: TestCommodore
let ann: Account
let bob: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  bob = await door.account('bob')
  for (const account of [ann, bob]) {
    await door.apiToken(account, ['streams:read'])
    const guest = { email: 'guest@example.com', role: 'member' }
    await send(door, 'POST /invitations', { token: account.token, body: guest })
    await createSigningKey(door, account)
    const revocation = { kind: 'viewer', subject: 'x' }
    await send(door, 'POST /playback-revocations', { token: account.token, body: revocation })
    const endpoint = { url: 'https://hooks.example.com' }
    await send(door, 'POST /webhook-endpoints', { token: account.token, body: endpoint })
    const headers = { 'idempotency-key': crypto.randomUUID() }
    await send(door, 'POST /streams', { token: account.token, headers, body: { title: 'x' } })
    const { id } = await door.stream(account)
    const target = { name: 'x', url: 'rtmp://live.example.com/app/key' }
    await send(door, `POST /streams/${id}/push-targets`, { token: account.token, body: target })
  }
})
afterAll(() => door[Symbol.asyncDispose]())

const tables = [
  'api_tokens',
  'audit_log',
  'idempotency_keys',
  'invitations',
  'memberships',
  'playback_revocations',
  'push_targets',
  'signing_keys',
  'stream_keys',
  'streams',
  'webhook_deliveries',
  'webhook_endpoints',
] as const

/** Opened by a user, a credential, an address or a job; by a tenant, never. */
const ofUsers = ['passwords', 'refresh_tokens', 'sessions', 'users']
const ofNobody = ['identity_keys', 'mailed_tokens', 'outbox', 'registrations', 'throttles'] as const

const ownersIn = (table: string, scope: object, column = 'tenant_id') =>
  door.db.within(scope, async (tx) => {
    const { rows } = await sql<{ owner: string }>`select ${sql.ref(column)} as owner from ${sql.table(table)}`.execute(
      tx,
    )
    return [...new Set(rows.map(({ owner }) => owner))]
  })

test.each(tables)('a query of %s without any WHERE finds its tenant’s rows alone', async (table) => {
  expect(await ownersIn(table, { tenant_id: ann.tenant_id })).toEqual([ann.tenant_id])
  expect(await ownersIn(table, { tenant_id: bob.tenant_id })).toEqual([bob.tenant_id])
  expect(await ownersIn(table, {})).toEqual([])
})

test('users are seen by themselves and by members of their tenant, passwords by themselves alone', async () => {
  expect(await ownersIn('users', { tenant_id: ann.tenant_id }, 'id')).toEqual([ann.user_id])
  expect(await ownersIn('users', { user_id: bob.user_id }, 'id')).toEqual([bob.user_id])
  expect(await ownersIn('users', { lookup: bob.email }, 'id')).toEqual([bob.user_id])
  expect(await ownersIn('users', {}, 'id')).toEqual([])
  expect(await ownersIn('passwords', { user_id: ann.user_id }, 'user_id')).toEqual([ann.user_id])
  expect(await ownersIn('passwords', { tenant_id: ann.tenant_id, lookup: ann.email }, 'user_id')).toEqual([])
  for (const table of ['sessions', 'refresh_tokens']) {
    expect(await ownersIn(table, { user_id: ann.user_id }, 'user_id')).toEqual([ann.user_id])
    expect(await ownersIn(table, { tenant_id: ann.tenant_id }, 'user_id')).toEqual([])
  }
})

test('no table and no role of the service lets another tenant’s rows through', async () => {
  const expected = {
    tables: [...tables, ...ofUsers, ...ofNobody].toSorted(),
    gaps: [],
  }
  expect(await inspectIsolation(door.db)).toEqual(expected)
})

test.each(ofNobody)('%s shows nothing to a tenant or a user', async (table) => {
  await door.owner.query(`select 1 from commodore.${table} limit 1`)
  const scope = { tenant_id: ann.tenant_id, user_id: ann.user_id }
  const seen = await door.db.within(scope, (tx) => sql`select 1 from ${sql.table(table)}`.execute(tx))
  expect(seen.rows).toEqual([])
})

test('a tenant cannot write a key into another’s stream', async () => {
  const stream = await door.stream(bob)
  const row = { id: 'key_x', stream_id: stream.id, name: 'x', key_hash: 'x', last_four: 'x', created_at: new Date() }
  const insert = (tenant_id: string) =>
    door.db.within({ tenant_id: ann.tenant_id }, (tx) =>
      tx
        .insertInto('stream_keys')
        .values({ ...row, tenant_id })
        .execute(),
    )
  await expect(insert(bob.tenant_id)).rejects.toThrow(/row-level security/)
  await expect(insert(ann.tenant_id)).rejects.toThrow(/foreign key/)
})
