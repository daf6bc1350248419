import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Page } from '../../../shared/contract/page.ts'
import {
  CreatedEnrolmentToken,
  EnrolmentToken,
  EnrolNodeResponse,
  HEALTH_NODES_MAX,
  HEALTH_SILENT_MS,
  IssueNodeTokenResponse,
  Node,
} from '../../../shared/contract/quartermaster.ts'
import { createVerifier } from '../../../shared/identity/verifier.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { createNodeKey, type NodeKey } from '../testing/node.ts'
import { openQuartermaster, type Tenancy, type TestQuartermaster } from '../testing/quartermaster.ts'

let door: TestQuartermaster
let acme: Tenancy
let clusterId: string

beforeAll(async () => {
  door = await openQuartermaster()
  acme = await door.tenant('Acme')
  clusterId = (await door.cluster(acme)).id
})
afterAll(() => door[Symbol.asyncDispose]())

const place = { address: 'https://edge1.example', location: { latitude: 52.4, longitude: 4.9, country: 'NL' } }
const enrol = (token: string, key: NodeKey, more: object = place) =>
  send(door, 'POST /nodes/enrol', { body: { token, name: 'edge1', public_jwk: key.publicJwk, ...more } })
const ask = (node_id: string, assertion: string) => send(door, 'POST /nodes/token', { body: { node_id, assertion } })

async function join() {
  const key = await createNodeKey()
  const { token } = await door.enrolmentToken(acme, clusterId)
  const { node_id } = await receive(EnrolNodeResponse, enrol(token, key))
  return { key, node_id }
}

describe('a host joins by an enrolment token', () => {
  test('and is listed with its place', async () => {
    const { node_id } = await join()
    const node = await receive(Node, send(door, `GET /nodes/${node_id}`, { token: acme.token }))
    expect(node).toMatchObject({ id: node_id, cluster_id: clusterId, name: 'edge1', mode: 'active', ...place })
    const page = await receive(Page(Node), send(door, 'GET /nodes?limit=1', { token: acme.token }))
    expect(page.data).toEqual([node])
  })

  test('and is the same host when it asks again with its key, even after the token’s end', async () => {
    const key = await createNodeKey()
    const { id, token } = await door.enrolmentToken(acme, clusterId)
    const answers = await Promise.all([1, 2, 3].map(() => receive(EnrolNodeResponse, enrol(token, key))))
    expect(new Set(answers.map(({ node_id }) => node_id)).size).toBe(1)
    await send(door, `DELETE /enrolment-tokens/${id}`, { token: acme.token })
    expect(await receive(EnrolNodeResponse, enrol(token, key))).toEqual(answers[0])
  })

  test('which admits as many hosts as it says, also when they come at once', async () => {
    const { id, token } = await door.enrolmentToken(acme, clusterId, 2)
    const keys = await Promise.all([1, 2, 3, 4].map(() => createNodeKey()))
    const answers = await Promise.all(keys.map((key) => refusal(enrol(token, key))))
    expect(answers.toSorted()).toEqual(['200', '200', '403 enrolment_token_used', '403 enrolment_token_used'])
    const page = await receive(Page(EnrolmentToken), send(door, 'GET /enrolment-tokens', { token: acme.token }))
    expect(page.data.find((shown) => shown.id === id)).toMatchObject({ usage_count: 2, usage_limit: 2 })
    expect(JSON.stringify(page)).not.toContain(token)
  })

  test('but not by one that is unknown, expired or revoked', async () => {
    const key = await createNodeKey()
    expect(await refusal(enrol('en_nothing', key))).toBe('403 enrolment_token_unknown')
    const old = await door.enrolmentToken(acme, clusterId)
    door.pass(24 * 3600)
    acme.token = await door.identities.user(acme.id)
    expect(await refusal(enrol(old.token, key))).toBe('403 enrolment_token_expired')
    const { id, token } = await door.enrolmentToken(acme, clusterId)
    expect((await send(door, `DELETE /enrolment-tokens/${id}`, { token: acme.token })).status).toBe(204)
    expect(await refusal(enrol(token, key))).toBe('403 enrolment_token_revoked')
  })

  test('and not with a key that is off the curve, or an address that is none', async () => {
    const { token } = await door.enrolmentToken(acme, clusterId)
    const key = await createNodeKey()
    const off = { ...key, publicJwk: { ...key.publicJwk, x: 'A'.repeat(43) } }
    expect(await refusal(enrol(token, off))).toBe('400 invalid_input')
    for (const address of ['ftp://x', 'https://user:pw@x', 'https://x/path', 'https://x?y', 'x', 'https://x:999999']) {
      expect(await refusal(enrol(token, key, { address }))).toBe('400 invalid_input')
    }
    expect(await refusal(enrol(token, key, { address: 'http://[::1]:8080' }))).toBe('200')
  })
})

describe('an enrolment token bound to addresses', () => {
  test('is good from there alone, as a trusted proxy tells it, also for a repeat', async () => {
    const key = await createNodeKey()
    const made = (address_range: string) =>
      receive(
        CreatedEnrolmentToken,
        send(door, 'POST /enrolment-tokens', {
          token: acme.token,
          body: { cluster_id: clusterId, name: 'rack', address_range },
        }),
      )
    const { token, address_range } = await made('203.0.113.0/24')
    expect(address_range).toBe('203.0.113.0/24')
    const body = { token, name: 'edge1', public_jwk: key.publicJwk }
    const from = (...hops: string[]) =>
      refusal(send(door, 'POST /nodes/enrol', { body, headers: { 'x-forwarded-for': hops.join(', ') } }))
    expect(await refusal(send(door, 'POST /nodes/enrol', { body }))).toBe('403 enrolment_address_refused')
    expect(await from('198.51.100.1')).toBe('403 enrolment_address_refused')
    expect(await from('203.0.113.9', '198.51.100.1')).toBe('403 enrolment_address_refused')
    expect(await from('2001:db8::1')).toBe('403 enrolment_address_refused')
    expect(await from('198.51.100.1', '203.0.113.9')).toBe('200')
    expect(await from('203.0.113.77')).toBe('200')
    expect(await from('198.51.100.1')).toBe('403 enrolment_address_refused')
    expect((await made('2001:db8::/32')).address_range).toBe('2001:db8::/32')
    await expect(made('203.0.113.0/33')).rejects.toThrow(/400/)
  })
})

describe('the health of a host', () => {
  const report = async (nodes: object[], cluster_id = clusterId, service = 'foghorn') => {
    const token = await door.identities.service(service, 'quartermaster')
    return send(door, 'POST /nodes/health', { token, body: { cluster_id, nodes } })
  }
  const look = (id: string) => receive(Node, send(door, `GET /nodes/${id}`, { token: acme.token }))

  test('is what its cluster last told, until it falls silent', async () => {
    const { node_id } = await join()
    expect(await look(node_id)).toMatchObject({ healthy: null, health_reasons: [], last_seen_at: null })
    await report([{ node_id, age_ms: 2_000, healthy: false, reasons: ['cpu_full'] }])
    const last_seen_at = new Date(door.now().getTime() - 2_000).toISOString()
    expect(await look(node_id)).toMatchObject({ healthy: false, health_reasons: ['cpu_full'], last_seen_at })
    await report([{ node_id, age_ms: 5_000, healthy: true }])
    expect(await look(node_id)).toMatchObject({ healthy: false, last_seen_at })
    await report([{ node_id, age_ms: 0, healthy: true }])
    expect(await look(node_id)).toMatchObject({ healthy: true, health_reasons: [] })
    door.pass(HEALTH_SILENT_MS / 1000)
    expect(await look(node_id)).toMatchObject({ healthy: true })
    door.pass(1)
    expect(await look(node_id)).toMatchObject({ healthy: false, health_reasons: ['silent'] })
  })

  test('comes from Foghorn alone and concerns the hosts of one cluster; the answer says what is wanted', async () => {
    const { node_id } = await join()
    await send(door, `PATCH /nodes/${node_id}`, { token: acme.token, body: { mode: 'draining' } })
    const own = [{ node_id, age_ms: 0, healthy: true }]
    expect(await (await report(own)).json()).toEqual({ nodes: [{ node_id, mode: 'draining' }] })
    const other = await door.tenant('Other')
    const elsewhere = (await door.cluster(other)).id
    expect(await (await report(own, elsewhere)).json()).toEqual({ nodes: [] })
    expect(await refusal(report(own, newId('cluster')))).toBe('404 cluster_not_found')
    expect(await refusal(report(own, clusterId, 'commodore'))).toBe('403 forbidden')
    const many = Array.from({ length: HEALTH_NODES_MAX + 1 }, () => ({ ...own[0], node_id: newId('node') }))
    expect(await refusal(report(many))).toBe('400 invalid_input')
    expect(await refusal(report(many.slice(1)))).toBe('200')
  })
})

describe('a node token', () => {
  test('is given for an assertion, and names the node and its cluster', async () => {
    const { key, node_id } = await join()
    const assertion = await key.assert(node_id, { now: door.now() })
    const { token, expires_in } = await receive(IssueNodeTokenResponse, ask(node_id, assertion))
    const verify = createVerifier({ keys: door.keySet, service: 'anything', clock: door.now })
    expect(await verify(token)).toEqual({ kind: 'node', node_id, cluster_id: clusterId })
    const { iat = 0, exp = 0 } = decodeJwt(token)
    expect([exp - iat, expires_in]).toEqual([900, 900])
    const node = await receive(Node, send(door, `GET /nodes/${node_id}`, { token: acme.token }))
    expect(node.last_seen_at).toBe(door.now().toISOString())
  })

  test('is given once an assertion, even to two who come at once', async () => {
    const { key, node_id } = await join()
    const assertion = await key.assert(node_id, { now: door.now() })
    const answers = await Promise.all([refusal(ask(node_id, assertion)), refusal(ask(node_id, assertion))])
    expect(answers.toSorted()).toEqual(['200', '401 assertion_replayed'])
    door.pass(34)
    expect(await refusal(ask(node_id, assertion))).toBe('401 assertion_replayed')
    door.pass(1)
    expect(await refusal(ask(node_id, assertion))).toBe('401 assertion_invalid')
    expect(await refusal(ask(node_id, await key.assert(node_id, { now: door.now() })))).toBe('200')
    await door.db.within({ tenant_id: acme.id }, async (tx) => {
      const left = await tx.selectFrom('used_assertions').select('jti_hash').where('node_id', '=', node_id).execute()
      expect(left).toHaveLength(1)
    })
  })

  test('is not given for an assertion of another key, node, audience or time', async () => {
    const { key, node_id } = await join()
    const other = await join()
    const now = door.now()
    const bad = [
      other.key.assert(node_id, { now }),
      key.assert(other.node_id, { now }),
      key.assert(node_id, { now, audience: 'frameworks' }),
      key.assert(node_id, { now, seconds: 3600 }),
      key.assert(node_id, { now, seconds: -6 }),
      key.assert(node_id, { now, jti: 'short' }),
      key.assert(node_id, { now, jti: 'x'.repeat(129) }),
      Promise.resolve('not a token'),
    ]
    for (const assertion of bad) expect(await refusal(ask(node_id, await assertion))).toBe('401 assertion_invalid')
    const unknown = newId('node')
    expect(await refusal(ask(unknown, await key.assert(unknown, { now })))).toBe('401 assertion_invalid')
  })

  test('is not given to a disabled node, until it is enabled again', async () => {
    const { key, node_id } = await join()
    const set = (mode: string) =>
      send(door, `PATCH /nodes/${node_id}`, { token: acme.token, body: { mode, name: 'moved' } })
    expect(await receive(Node, set('disabled'))).toMatchObject({ mode: 'disabled', name: 'moved', ...place })
    const fresh = () => key.assert(node_id, { now: door.now() })
    expect(await refusal(ask(node_id, await fresh()))).toBe('403 node_disabled')
    await set('active')
    expect(await refusal(ask(node_id, await fresh()))).toBe('200')
  })
})
