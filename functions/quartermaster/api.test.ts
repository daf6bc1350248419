import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EnrolNodeResponse } from '../../shared/contract/quartermaster.ts'
import { newId } from '../../shared/ids.ts'
import { expectUnauthenticated, uselessTokens } from '../../shared/testing/access.ts'
import { receive, refusal, send } from '../../shared/testing/api.ts'
import { tryAudited } from '../../shared/testing/audited.ts'
import { expectNoBreakage } from '../../shared/testing/hostile.ts'
import { operationsOf } from '../../shared/testing/operations.ts'
import { createNodeKey } from './testing/node.ts'
import { openQuartermaster, type Tenancy, type TestQuartermaster } from './testing/quartermaster.ts'

let door: TestQuartermaster
let acme: Tenancy
let other: Tenancy
let ids: Record<string, string>
let bodies: Record<string, Record<string, unknown>>

beforeAll(async () => {
  door = await openQuartermaster()
  acme = await door.tenant('Acme')
  other = await door.tenant('Other')
  const cluster = await door.cluster(acme)
  const enrolment = await door.enrolmentToken(acme, cluster.id, 100)
  const { publicJwk: public_jwk, assert } = await createNodeKey()
  const joining = { token: enrolment.token, name: 'edge', public_jwk }
  const { node_id } = await receive(EnrolNodeResponse, send(door, 'POST /nodes/enrol', { body: joining }))
  ids = { tenants: acme.id, clusters: cluster.id, nodes: node_id, 'enrolment-tokens': enrolment.id }
  const assertion = await assert(node_id, { now: door.now() })
  bodies = {
    'POST /tenants': { provisioning_key: 'user:x', name: 'X' },
    'PUT /tenants/{id}/status': { status: 'active' },
    'POST /tenants/{id}/audit-log': {
      action: 'node.held_out',
      object_id: node_id,
      actor: { kind: 'user', id: newId('user') },
    },
    'PATCH /tenants/current': { name: 'X', attributes: { a: 'b' }, branding: { logo_url: 'https://x.example/l' } },
    'PATCH /tenants/{id}': { status: 'active', limits: { streams: 1 } },
    'PUT /tenants/{id}/clusters': { cluster_ids: [cluster.id] },
    'PATCH /clusters/{id}': { name: 'x' },
    'POST /clusters': { name: 'edge', kind: 'private' },
    'POST /clusters/resolve': { cluster_ids: [cluster.id] },
    'POST /enrolment-tokens': { cluster_id: cluster.id, name: 'rack', usage_limit: 1, expires_in_hours: 1 },
    'POST /nodes/enrol': { ...joining, address: 'http://127.0.0.1:8080', location: { latitude: 1, longitude: 2 } },
    'POST /nodes/health': { cluster_id: cluster.id, nodes: [{ node_id, age_ms: 0, healthy: true, reasons: ['x'] }] },
    'PUT /services/{name}/instances/{id}': { base_url: 'https://x.example', version: '1', ttl_seconds: 9 },
    'POST /nodes/token': { node_id, assertion },
    'PATCH /nodes/{id}': { name: 'x', mode: 'active', address: 'http://x', location: { latitude: 1, longitude: 2 } },
  }
})
afterAll(() => door[Symbol.asyncDispose]())

const withId = (line: string) =>
  line
    .replace('{name}/instances/{id}', 'foghorn/instances/x')
    .replace('{id}', ids[line.split(/[ /]+/)[1] ?? ''] ?? 'no id')
const sendAs = (line: string, token?: string) => send(door, withId(line), { token, body: bodies[line] })
const ask = (line: string, token?: string) => refusal(sendAs(line, token))

test('each operation refuses nobody, and whoever is not of its kind', async () => {
  const operations = await operationsOf(door)
  expect(operations.length).toBeGreaterThan(12)
  const node = await door.identities.node('clu_x')
  const stranger = await door.identities.service('stranger', 'quartermaster')
  const viewer = await door.identities.user(acme.id, { role: 'viewer' })
  const useless = await uselessTokens(door.identities, acme.id, door.now)
  for (const { line, auth } of operations.filter((operation) => operation.auth !== 'none')) {
    const answer = async (token?: string) => `${line}: ${await ask(line, token)}`
    await expectUnauthenticated(line, useless, (token) => sendAs(line, token))
    expect(await answer(node)).toBe(`${line}: 403 forbidden`)
    expect(await answer(stranger)).toBe(`${line}: 403 forbidden`)
    if (auth === 'service') expect(await answer(acme.token)).toBe(`${line}: 403 forbidden`)
    if (auth === 'operator') expect(await answer(acme.token)).toBe(`${line}: 403 forbidden`)
    if (auth === 'tenant' && !line.startsWith('GET')) expect(await answer(viewer)).toBe(`${line}: 403 forbidden`)
  }
})

test('what is another tenant’s is not there', async () => {
  const operations = await operationsOf(door)
  const named = operations.filter(({ line, auth }) => auth === 'tenant' && line.includes('{id}'))
  expect(named.length).toBe(4)
  for (const { line } of named) expect(`${line}: ${await ask(line, other.token)}`).toMatch(/: 404 \w+_not_found$/)
  expect(await ask('POST /enrolment-tokens', other.token)).toBe('404 cluster_not_found')
})

/** What only Foghorn may ask. */
const OF_FOGHORN = new Set(['POST /nodes/health', 'POST /tenants/{id}/audit-log', 'GET /tenants/{id}/owned-clusters'])

test('no input breaks any operation', { timeout: 120_000 }, async () => {
  const commodore = await door.identities.service('commodore', 'quartermaster')
  const tokens = new Map([
    ['service', commodore],
    ['tenant', acme.token],
    ['operator', (await door.tenant('platform')).token],
  ])
  const foghorn = await door.identities.service('foghorn', 'quartermaster')
  for (const { line, auth, statuses } of await operationsOf(door)) {
    const token = OF_FOGHORN.has(line) ? foghorn : tokens.get(auth)
    await expectNoBreakage(door, { line, body: bodies[line], token, statuses })
  }
})

test('every change that a tenant or an operator makes is in the audit log', async () => {
  const tokens: Record<string, string> = { tenant: acme.token, operator: (await door.tenant('platform')).token }
  for (const [auth, token] of Object.entries(tokens)) {
    const { succeeded, unaudited } = await tryAudited(door, {
      auth: [auth],
      ask: (line, id) => send(door, withId(line), { token, body: bodies[line], headers: { 'x-request-id': id } }),
      entriesOf: (id) =>
        door.db.within({ tenant_id: acme.id }, async (tx) => {
          const { rows } = await sql`select id from audit_log where request_id = ${id}`.execute(tx)
          return rows.length
        }),
    })
    expect(succeeded.length).toBeGreaterThan(1)
    expect(unaudited).toEqual([])
  }
})
