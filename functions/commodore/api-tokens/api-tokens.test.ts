import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { ApiToken, CreatedApiToken, verifyApiToken } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())

const verdictOn = (token: string) => call(door.clientOf('quartermaster'), verifyApiToken, { token })
const list = () => receive(Page(ApiToken), send(door, 'GET /api-tokens?limit=200', { token: ann.token }))

test('a token does what its scopes say, and no more', async () => {
  const { token } = await door.apiToken(ann, ['streams:read'])
  expect(token).toMatch(/^fw_[0-9a-z]{40}$/)
  expect(await refusal(send(door, 'GET /streams', { token }))).toBe('200')
  expect(await refusal(send(door, 'POST /streams', { token, body: { title: 'x' } }))).toBe('403 forbidden')
  expect(await refusal(send(door, 'GET /me', { token }))).toBe('403 forbidden')
})

test('no token makes another one', async () => {
  const { token } = await door.apiToken(ann, ['account:read', 'account:write'])
  const body = { name: 'child', scopes: ['account:read'] }
  expect(await refusal(send(door, 'POST /api-tokens', { token, body }))).toBe('403 forbidden')
})

test('its secret is shown once and kept by nobody', async () => {
  const { token, ...shown } = await door.apiToken(ann, ['streams:read', 'streams:read'])
  expect(shown.scopes).toEqual(['streams:read'])
  const page = await list()
  expect(page.data[0]).toEqual(shown)
  expect(JSON.stringify(page)).not.toContain(token)
  const { rows } = await door.owner.query('select t::text as text from commodore.api_tokens t')
  expect(JSON.stringify(rows)).not.toContain(token.slice(3))
})

test('services learn whose it is, and when it was last used is known to a minute', async () => {
  const { id, token } = await door.apiToken(ann, ['analytics:read'])
  expect(await verdictOn(token)).toEqual({
    valid: true,
    token_id: id,
    tenant_id: ann.tenant_id,
    scopes: ['analytics:read'],
    operator: false,
    expires_at: null,
  })
  expect(await call(door.clientOf('foghorn'), verifyApiToken, { token })).toMatchObject({ valid: true })
  const lastUse = async () => (await list()).data.find((shown) => shown.id === id)?.last_used_at
  const first = await lastUse()
  door.quartermaster.pass(59)
  await verdictOn(token)
  expect(await lastUse()).toBe(first)
  door.quartermaster.pass(1)
  await verdictOn(token)
  expect(await lastUse()).toBe(door.quartermaster.now().toISOString())
})

test('a token that is unknown, revoked or expired is refused with its reason', async () => {
  expect(await verdictOn('fw_nothing')).toEqual({ valid: false, reason: 'api_token_unknown' })
  const { id, token } = await door.apiToken(ann, ['streams:read'])
  expect((await send(door, `DELETE /api-tokens/${id}`, { token: ann.token })).status).toBe(204)
  expect(await verdictOn(token)).toEqual({ valid: false, reason: 'api_token_unknown' })
  expect(await refusal(send(door, `DELETE /api-tokens/${id}`, { token: ann.token }))).toBe('404 api_token_not_found')
  expect(await refusal(send(door, 'GET /streams', { token }))).toBe('401 api_token_unknown')
  const body = { name: 'short', scopes: ['streams:read'], expires_in_days: 1 }
  const short = await receive(CreatedApiToken, send(door, 'POST /api-tokens', { token: ann.token, body }))
  door.quartermaster.pass(86_400)
  ann.token = (await door.login(ann.email)).access_token
  expect(await verdictOn(short.token)).toEqual({ valid: false, reason: 'api_token_expired' })
})

test('a token may do no more than its maker may now, and nothing once the maker is gone', async () => {
  const bob = await door.account('bob')
  const { token } = await door.apiToken(bob, ['streams:read', 'streams:write', 'infrastructure:write'])
  const asOwner = (statement: string) => door.owner.query(statement, [bob.user_id])
  await asOwner("update commodore.memberships set role = 'member' where user_id = $1")
  expect(await verdictOn(token)).toMatchObject({ scopes: ['streams:read', 'streams:write'] })
  await asOwner('update commodore.users set operator = true where id = $1')
  expect(await verdictOn(token)).toMatchObject({ operator: true })
  await asOwner('update commodore.users set active = false where id = $1')
  expect(await verdictOn(token)).toEqual({ valid: false, reason: 'api_token_maker_gone' })
  await asOwner('update commodore.users set active = true where id = $1')
  await asOwner('delete from commodore.memberships where user_id = $1')
  expect(await verdictOn(token)).toEqual({ valid: false, reason: 'api_token_maker_gone' })
})

test('repeated with one Idempotency-Key, one token is made and its secret comes again', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const body = { name: 'twice', scopes: ['streams:read'] }
  const make = () => receive(CreatedApiToken, send(door, 'POST /api-tokens', { token: ann.token, body, headers }))
  const made = await Promise.all([make(), make(), make()])
  expect(new Set(made.map(({ token }) => token)).size).toBe(1)
  expect((await list()).data.filter(({ name }) => name === 'twice')).toHaveLength(1)
})
