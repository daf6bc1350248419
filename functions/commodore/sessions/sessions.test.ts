import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { LoginResponse, verifySession } from '../../../shared/contract/accounts.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { REUSE_GRACE_SECONDS, SESSION_SECONDS } from './sessions.ts'
import { STANDING_FRESH_MS } from './standing.ts'

let door: TestCommodore
let ann: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())

const signIn = async () => (await door.login(ann.email)).refresh_token
const ask = (refresh_token: string) => send(door, 'POST /auth/refresh', { body: { refresh_token } })
const refresh = (refresh_token: string) => receive(LoginResponse, ask(refresh_token))
const me = (token: string) => refusal(send(door, 'GET /me', { token }))
const pass = (seconds: number) => door.quartermaster.pass(seconds)

describe('a refresh token', () => {
  test('gives a new access token and its successor, and lies in the database as a hash alone', async () => {
    const first = await signIn()
    expect(first).toMatch(/^rt_[0-9a-z]{40}$/)
    const answer = await refresh(first)
    expect([answer.expires_in, answer.refresh_expires_in]).toEqual([900, SESSION_SECONDS])
    expect(answer.tenant).toEqual({ id: ann.tenant_id, role: 'owner' })
    expect((await send(door, 'GET /me', { token: answer.access_token })).status).toBe(200)
    expect(answer.refresh_token).not.toBe(first)
    const { rows } = await door.owner.query('select * from commodore.refresh_tokens')
    expect(JSON.stringify(rows)).not.toContain(first.slice(3))
  })

  test('slides: each successor lives its whole time, an unused one does not', async () => {
    let token = await signIn()
    for (let turn = 0; turn < 3; turn++) {
      pass(SESSION_SECONDS - 1)
      token = (await refresh(token)).refresh_token
    }
    pass(SESSION_SECONDS)
    expect(await refusal(ask(token))).toBe('401 refresh_token_expired')
  })

  test('that was used a moment ago gives a sibling, since an answer may be lost', async () => {
    const first = await signIn()
    const second = await refresh(first)
    pass(REUSE_GRACE_SECONDS)
    const sibling = await refresh(first)
    expect(sibling.refresh_token).not.toBe(second.refresh_token)
    expect(await refusal(ask(second.refresh_token))).toBe('200')
    expect(await refusal(ask(sibling.refresh_token))).toBe('200')
  })

  test('that was used before ends the session of both who hold it, and no other', async () => {
    const [stolen, elsewhere] = [await signIn(), await signIn()]
    const { refresh_token } = await refresh(stolen)
    pass(REUSE_GRACE_SECONDS + 1)
    expect(await refusal(ask(stolen))).toBe('401 refresh_token_reused')
    expect(await refusal(ask(refresh_token))).toBe('401 session_revoked')
    expect(await refusal(ask(stolen))).toBe('401 session_revoked')
    expect(await refusal(ask(elsewhere))).toBe('200')
  })

  test('used by several at once rotates once, and each gets a token that works', async () => {
    const first = await signIn()
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(first)))
    const tokens = answers.map(({ refresh_token }) => refresh_token)
    expect(new Set(tokens).size).toBe(4)
    for (const token of tokens) expect(await refusal(ask(token))).toBe('200')
  })

  test('that was stolen long ago loses to its owner even when both come at once', async () => {
    const first = await signIn()
    const { refresh_token } = await refresh(first)
    pass(REUSE_GRACE_SECONDS + 1)
    const outcomes = await Promise.all([first, first, first].map((token) => refusal(ask(token))))
    expect(outcomes.toSorted()).toEqual(['401 refresh_token_reused', '401 session_revoked', '401 session_revoked'])
    expect(await refusal(ask(refresh_token))).toBe('401 session_revoked')
  })

  test('is refused when nobody knows it, and is no bearer token', async () => {
    expect(await refusal(ask('rt_unknown'))).toBe('401 refresh_token_unknown')
    expect(await refusal(send(door, 'GET /me', { token: await signIn() }))).toBe('401 token_malformed')
  })

  test('does nothing for an account that was disabled, or whose role changed', async () => {
    const token = await signIn()
    await door.owner.query("update commodore.memberships set role = 'viewer' where user_id = $1", [ann.user_id])
    const next = await refresh(token)
    expect(next.tenant.role).toBe('viewer')
    await door.owner.query('update commodore.users set active = false where id = $1', [ann.user_id])
    expect(await refusal(ask(next.refresh_token))).toBe('403 account_disabled')
    await door.owner.query('update commodore.users set active = true where id = $1', [ann.user_id])
    await door.owner.query("update commodore.memberships set role = 'owner' where user_id = $1", [ann.user_id])
  })
})

describe('signing out', () => {
  test('ends one session, and says the same of a token that nobody knows', async () => {
    const [here, elsewhere] = [await signIn(), await signIn()]
    const logout = (refresh_token: string) => refusal(send(door, 'POST /auth/logout', { body: { refresh_token } }))
    expect([await logout(here), await logout(here), await logout('rt_unknown')]).toEqual(['204', '204', '204'])
    expect(await refusal(ask(here))).toBe('401 session_revoked')
    expect(await refusal(ask(elsewhere))).toBe('200')
  })

  test('ends the access tokens of the session at once, and no other’s', async () => {
    const [here, elsewhere] = [await door.login(ann.email), await door.login(ann.email)]
    const next = await refresh(here.refresh_token)
    expect(await me(here.access_token)).toBe('200')
    await send(door, 'POST /auth/logout', { body: { refresh_token: next.refresh_token } })
    expect(await me(here.access_token)).toBe('401 session_revoked')
    expect(await me(next.access_token)).toBe('401 session_revoked')
    expect(await me(elsewhere.access_token)).toBe('200')
    await send(door, 'POST /auth/logout-all', { token: elsewhere.access_token })
    expect(await me(elsewhere.access_token)).toBe('401 session_revoked')
  })

  test('everywhere ends all of the user’s sessions and nobody else’s', async () => {
    const bob = await door.account('bob')
    const others = (await door.login(bob.email)).refresh_token
    const { access_token, refresh_token } = await door.login(ann.email)
    const elsewhere = await signIn()
    expect(await refusal(send(door, 'POST /auth/logout-all', { token: access_token }))).toBe('204')
    for (const token of [refresh_token, elsewhere]) expect(await refusal(ask(token))).toBe('401 session_revoked')
    expect(await refusal(ask(others))).toBe('200')
  })
})

describe('an access token', () => {
  test('ends within a second of what another instance did: ended the session, disabled the user', async () => {
    const { access_token } = await door.login(ann.email)
    expect(await me(access_token)).toBe('200')
    await door.owner.query('update commodore.users set active = false where id = $1', [ann.user_id])
    expect(await me(access_token)).toBe('200')
    pass(STANDING_FRESH_MS / 1000 + 1)
    expect(await me(access_token)).toBe('401 account_disabled')
    await door.owner.query('update commodore.users set active = true where id = $1', [ann.user_id])
    pass(STANDING_FRESH_MS / 1000 + 1)
    expect(await me(access_token)).toBe('200')
    await door.owner.query('update commodore.sessions set revoked_at = now() where user_id = $1', [ann.user_id])
    pass(STANDING_FRESH_MS / 1000 + 1)
    expect(await me(access_token)).toBe('401 session_revoked')
  })

  test('that ran out is refused as such, and a session that never was is none', async () => {
    const { access_token } = await door.login(ann.email)
    pass(16 * 60)
    expect(await me(access_token)).toBe('401 token_expired')
    const stranger = await door.quartermaster.identities.user(ann.tenant_id)
    expect(await me(stranger)).toBe('401 account_disabled')
  })

  test('is judged for services that take tenants’ tokens, and for nobody else', async () => {
    const { access_token, tenant } = await door.login(ann.email)
    const { sid: session_id } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
    const asked = { user_id: ann.user_id, session_id, tenant_id: tenant.id }
    const judge = (more: object = {}) => call(door.clientOf('periscope-query'), verifySession, { ...asked, ...more })
    expect(await judge()).toEqual({ valid: true, role: 'owner', operator: false })
    const bob = await door.account('bob2')
    expect(await judge({ tenant_id: bob.tenant_id })).toEqual({ valid: false, reason: 'membership_ended' })
    expect(await judge({ user_id: bob.user_id, tenant_id: bob.tenant_id })).toEqual({
      valid: false,
      reason: 'session_revoked',
    })
    await expect(call(door.clientOf('decklog'), verifySession, asked)).rejects.toMatchObject({ kind: 'internal' })
  })
})
