import { afterAll, beforeAll, expect, test } from 'vitest'
import { StreamKey } from '../../shared/contract/commodore.ts'
import { Invitation } from '../../shared/contract/members.ts'
import { Page } from '../../shared/contract/page.ts'
import { PlaybackRevocation } from '../../shared/contract/playback.ts'
import { PushTarget } from '../../shared/contract/push-targets.ts'
import { WebhookDelivery, WebhookEndpoint } from '../../shared/contract/webhooks.ts'
import { newId } from '../../shared/ids.ts'
import { expectUnauthenticated, uselessTokens } from '../../shared/testing/access.ts'
import { receive, refusal, send } from '../../shared/testing/api.ts'
import { tryAudited } from '../../shared/testing/audited.ts'
import { expectNoBreakage } from '../../shared/testing/hostile.ts'
import { operationsOf } from '../../shared/testing/operations.ts'
import { type Account, openCommodore, PASSWORD, type TestCommodore } from './testing/commodore.ts'
import { createSigningKey } from './testing/viewer-tokens.ts'

let door: TestCommodore
let ann: Account
let bob: Account
/** Ann's, of no session, so that no operation ends it. */
let lasting: string
let ids: Record<string, string>
let bodies: Record<string, Record<string, unknown>>

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  bob = await door.account('bob')
  lasting = await door.quartermaster.identities.user(ann.tenant_id, { userId: ann.user_id })
  const stream = await door.stream(ann)
  const keys = await receive(Page(StreamKey), send(door, `GET /streams/${stream.id}/keys`, { token: ann.token }))
  const apiToken = await door.apiToken(ann, ['streams:read'])
  const hook = { url: 'https://hooks.example.com/x', description: 'x', event_types: ['stream.created'] }
  const endpoint = await receive(
    WebhookEndpoint,
    send(door, 'POST /webhook-endpoints', { token: ann.token, body: hook }),
  )
  const delivery = await receive(
    WebhookDelivery,
    send(door, `POST /webhook-endpoints/${endpoint.id}/test`, { token: ann.token }),
  )
  const signingKey = await createSigningKey(door, ann)
  const body = { kind: 'viewer', subject: 'x' }
  const revocation = await receive(
    PlaybackRevocation,
    send(door, 'POST /playback-revocations', { token: ann.token, body }),
  )
  const guest = { email: 'guest0@example.com', role: 'member' }
  const invitation = await receive(Invitation, send(door, 'POST /invitations', { token: ann.token, body: guest }))
  const target = { name: 'x', url: 'rtmp://live.example.com/app/key' }
  const pushTarget = await receive(
    PushTarget,
    send(door, `POST /streams/${stream.id}/push-targets`, { token: ann.token, body: target }),
  )
  ids = {
    '{target_id}': pushTarget.id,
    '/invitations/{id}': `/invitations/${invitation.id}`,
    '{tenant_id}': ann.tenant_id,
    '{user_id}': ann.user_id,
    '/signing-keys/{id}': `/signing-keys/${signingKey.id}`,
    '/playback-revocations/{id}': `/playback-revocations/${revocation.id}`,
    '/streams/{id}': `/streams/${stream.id}`,
    '/webhook-endpoints/{id}': `/webhook-endpoints/${endpoint.id}`,
    '{delivery_id}': delivery.id,
    '{key_id}': keys.data[0]?.id ?? '',
    '/api-tokens/{id}': `/api-tokens/${apiToken.id}`,
  }
  bodies = {
    'POST /auth/register': { email: 'new@example.com', password: PASSWORD, tenant_name: 'x' },
    'POST /auth/login': { email: ann.email, password: PASSWORD },
    'POST /auth/verify-email': { token: 'mt_x' },
    'POST /auth/resend-verification': { email: 'new@example.com' },
    'POST /auth/forgot-password': { email: 'new@example.com' },
    'POST /auth/reset-password': { token: 'mt_x', password: PASSWORD },
    'POST /auth/switch-tenant': { tenant_id: ann.tenant_id },
    'PATCH /members/{user_id}': { role: 'owner' },
    'POST /invitations': { email: 'guest@example.com', role: 'member' },
    'POST /invitations/accept': { token: 'mt_x' },
    'PATCH /me': { name: 'x' },
    'POST /me/password': { current_password: PASSWORD, new_password: PASSWORD },
    'POST /auth/refresh': { refresh_token: `rt_${'x'.repeat(40)}` },
    'POST /auth/logout': { refresh_token: `rt_${'x'.repeat(40)}` },
    'POST /api-tokens': { name: 'x', scopes: ['streams:read'], expires_in_days: 1 },
    'POST /api-tokens/verify': { token: apiToken.token },
    'POST /sessions/verify': { user_id: ann.user_id, session_id: newId('session'), tenant_id: ann.tenant_id },
    'POST /streams': { title: 'x', description: 'x', record: false, dvr: false },
    'PATCH /streams/{id}': { title: 'x', description: 'x', record: false, dvr: true, enabled: true },
    'POST /webhook-endpoints': hook,
    'PATCH /webhook-endpoints/{id}': { ...hook, enabled: true },
    'POST /webhook-endpoints/{id}/rotate-secret': { overlap_hours: 1 },
    'POST /streams/{id}/keys': { name: 'x' },
    'POST /streams/{id}/keys/{key_id}/rotate': { overlap_seconds: 60 },
    'POST /signing-keys': { name: 'x' },
    'POST /playback-revocations': { kind: 'viewer', subject: 'x', stream_id: stream.id, expires_in_seconds: 60 },
    'POST /streams/{id}/push-targets': { ...target, enabled: true },
    'PATCH /streams/{id}/push-targets/{target_id}': { ...target, enabled: true },
    'POST /occurrences': {
      event_id: crypto.randomUUID(),
      tenant_id: ann.tenant_id,
      type: 'node.enrolled',
      subject: 'x',
      at: new Date(0).toISOString(),
      data: { name: 'x' },
    },
    'POST /streams/resolve': { internal_names: [stream.internal_name], stream_ids: [stream.id] },
    'POST /ingest/authorize': { stream_key: stream.stream_key, protocol: 'rtmp', publisher_host: '192.0.2.1' },
    'POST /playback/authorize': { playback_id: stream.playback_id, viewer_host: 'x', protocol: 'hls', token: 'x' },
  }
})
afterAll(() => door[Symbol.asyncDispose]())

async function memberOf(tenantId: string, role: string): Promise<string> {
  const id = newId('user')
  await door.owner.query('insert into commodore.users (id, email, created_at) values ($1, $1, $2)', [id, new Date()])
  await door.owner.query(
    'insert into commodore.memberships (tenant_id, user_id, role, created_at) values ($1, $2, $3, $4)',
    [tenantId, id, role, new Date()],
  )
  return id
}

/** A ticket is kept nowhere: who may read may have one. */
const CHANGES_NOTHING = 'POST /signalman/tickets'
const withIds = (line: string) => Object.entries(ids).reduce((path, [part, value]) => path.replace(part, value), line)
const sendAs = (line: string, token?: string) => send(door, withIds(line), { token, body: bodies[line] })
const ask = (line: string, token?: string) => refusal(sendAs(line, token))

test('each operation refuses nobody, and whoever is not of its kind', async () => {
  const operations = await operationsOf(door)
  expect(operations.length).toBeGreaterThan(15)
  const { identities } = door.quartermaster
  const node = await identities.node('clu_x')
  const stranger = await identities.service('stranger', 'commodore')
  const viewer = await identities.user(ann.tenant_id, { userId: await memberOf(ann.tenant_id, 'viewer') })
  const readOnly = (await door.apiToken(ann, ['account:read', 'streams:read', 'analytics:read'])).token
  const useless = await uselessTokens(identities, ann.tenant_id, door.quartermaster.now)
  const { token: apiToken } = await door.apiToken(ann, ['account:read', 'account:write'])
  for (const { line, auth } of operations.filter((operation) => operation.auth !== 'none')) {
    const answer = async (token?: string) => `${line}: ${await ask(line, token)}`
    await expectUnauthenticated(line, useless, (token) => sendAs(line, token))
    expect(await answer(stranger)).toBe(`${line}: 403 forbidden`)
    if (!auth.includes('node')) expect(await answer(node)).toBe(`${line}: 403 forbidden`)
    if (auth.includes('service')) expect(await answer(ann.token)).toBe(`${line}: 403 forbidden`)
    if (auth === 'user') expect(await answer(apiToken)).toBe(`${line}: 403 forbidden`)
    if (auth !== 'tenant' || line.startsWith('GET') || line === CHANGES_NOTHING) continue
    for (const reader of [viewer, readOnly]) expect(await answer(reader)).toBe(`${line}: 403 forbidden`)
  }
})

test('what is another tenant’s is not there', async () => {
  const operations = await operationsOf(door)
  const named = operations.filter(({ line, auth }) => auth === 'tenant' && line.includes('{'))
  expect(named.length).toBeGreaterThan(14)
  for (const { line } of named) expect(`${line}: ${await ask(line, bob.token)}`).toMatch(/: 404 \w+_not_found$/)
})

test('no input breaks any operation', { timeout: 120_000 }, async () => {
  const { identities } = door.quartermaster
  const tokens = new Map([
    ['tenant', lasting],
    ['user', lasting],
    ['node or service', await identities.node('clu_x')],
  ])
  const services: Record<string, string> = {
    'POST /api-tokens/verify': 'quartermaster',
    'POST /sessions/verify': 'quartermaster',
    'POST /streams/resolve': 'decklog',
    'POST /occurrences': 'quartermaster',
  }
  for (const { line, auth, statuses } of await operationsOf(door)) {
    const service = services[line]
    const token = service ? await identities.service(service, 'commodore') : tokens.get(auth)
    await expectNoBreakage(door, { line, body: bodies[line], token, statuses })
  }
})

test('every change that a tenant makes is in the audit log', async () => {
  const { succeeded, unaudited } = await tryAudited(door, {
    auth: ['tenant', 'user'],
    ask: (line, id) =>
      send(door, withIds(line), { token: lasting, body: bodies[line], headers: { 'x-request-id': id } }),
    entriesOf: async (id) => {
      const { rows } = await door.owner.query('select id from commodore.audit_log where request_id = $1', [id])
      return rows.length
    },
  })
  expect(succeeded.length).toBeGreaterThan(14)
  expect(unaudited).toEqual([CHANGES_NOTHING])
})
