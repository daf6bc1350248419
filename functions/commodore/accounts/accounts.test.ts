import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LoginResponse, Me, RegisterResponse, VerifyEmailResponse } from '../../../shared/contract/accounts.ts'
import { KeySet } from '../../../shared/contract/identity.ts'
import { Tenant } from '../../../shared/contract/quartermaster.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openCommodore, PASSWORD, type TestCommodore } from '../testing/commodore.ts'
import { MAILED_TOKEN_SECONDS } from './mailed-tokens.ts'

let door: TestCommodore

beforeAll(async () => {
  door = await openCommodore()
})
afterAll(() => door[Symbol.asyncDispose]())
afterEach(() => door.cutOff(false))

const register = (email: string, password = PASSWORD, tenant_name = 'Acme') =>
  send(door, 'POST /auth/register', { body: { email, password, tenant_name } })
const verify = (token: string) => send(door, 'POST /auth/verify-email', { body: { token } })
const signUp = async (email: string, password = PASSWORD, tenant_name = 'Acme') => {
  await register(email, password, tenant_name)
  return verify(await door.mailedTo(email))
}
const login = (email: string, password = PASSWORD) => send(door, 'POST /auth/login', { body: { email, password } })
const tenantOf = (token: string) => receive(Tenant, send(door.quartermaster, 'GET /tenants/current', { token }))
const subjectsTo = (email: string) => door.mails.filter(({ to }) => to === email).map(({ subject }) => subject)

describe('registering', () => {
  test('and following the mailed link makes a user who owns a new tenant, and whose token works at other services', async () => {
    expect(await receive(RegisterResponse, register(' Ann@Example.com '))).toEqual({
      email: 'ann@example.com',
      next: 'verify_email',
    })
    expect(await refusal(login('ann@example.com'))).toBe('403 email_not_verified')
    expect(await refusal(login('ann@example.com', 'wrong password'))).toBe('401 invalid_credentials')
    const answer = await receive(VerifyEmailResponse, verify(await door.mailedTo('ann@example.com')))
    expect(answer).toEqual({ email: 'ann@example.com', next: 'login' })
    const { access_token, expires_in, user, tenant } = await receive(LoginResponse, login('ANN@example.com'))
    expect([expires_in, user.email, user.operator, tenant.role]).toEqual([900, 'ann@example.com', false, 'owner'])
    expect(await tenantOf(access_token)).toMatchObject({ id: tenant.id, name: 'Acme' })
    const me = await receive(Me, send(door, 'GET /me', { token: access_token }))
    expect(me).toEqual({ user, tenant })
  })

  test('a taken address tells nothing, even to who signs in afterwards; its owner is told by mail', async () => {
    await signUp('bob@example.com')
    const first = await receive(LoginResponse, login('bob@example.com'))
    const steps = async (email: string) => {
      const answer = await register(email, 'another password', 'Taken over')
      return [answer.status, await answer.json(), await refusal(login(email, 'another password'))]
    }
    const taken = await steps('bob@example.com')
    const fresh = await steps('new@example.com')
    expect(taken).toEqual([202, { email: 'bob@example.com', next: 'verify_email' }, '403 email_not_verified'])
    expect(fresh).toEqual([202, { email: 'new@example.com', next: 'verify_email' }, '403 email_not_verified'])
    await door.deliver()
    expect(subjectsTo('bob@example.com')).toEqual(['Confirm your address', 'You already have an account'])
    const again = await receive(LoginResponse, login('bob@example.com'))
    expect(again.tenant).toEqual(first.tenant)
    expect(await tenantOf(again.access_token)).toMatchObject({ name: 'Acme' })
  })

  test('never looks whether the address is taken: it writes the same rows and sends the same statements', async () => {
    const count = async () =>
      (await door.owner.query('select count(*)::int as n from commodore.registrations')).rows[0].n
    const before = await count()
    await register('bob@example.com')
    await register('nobody-yet@example.com')
    expect(await count()).toBe(before + 2)
  })

  test('by several who follow their links at once makes one user and one tenant', async () => {
    const tokens: string[] = []
    for (const password of ['password one', 'password two', 'password three']) {
      await register('many@example.com', password)
      tokens.push(await door.mailedTo('many@example.com'))
    }
    const answers = await Promise.all(tokens.map((token) => refusal(verify(token))))
    expect(answers.toSorted()).toEqual(['200', '422 mailed_token_invalid', '422 mailed_token_invalid'])
    const winner = ['password one', 'password two', 'password three'][answers.indexOf('200')]
    expect(await refusal(login('many@example.com', winner))).toBe('200')
    const { rows } = await door.owner.query(
      `select count(distinct u.id)::int as users, count(m.tenant_id)::int as tenants
       from commodore.users u join commodore.memberships m on m.user_id = u.id where email = 'many@example.com'`,
    )
    expect(rows).toEqual([{ users: 1, tenants: 1 }])
  })

  test('takes a link once, also when it is followed twice at once, and not after a day', async () => {
    await register('ida@example.com')
    const token = await door.mailedTo('ida@example.com')
    const answers = await Promise.all([verify(token), verify(token)].map(refusal))
    expect(answers.toSorted()).toEqual(['200', '422 mailed_token_invalid'])
    await register('joe@example.com')
    const late = await door.mailedTo('joe@example.com')
    door.quartermaster.pass(MAILED_TOKEN_SECONDS.verification)
    expect(await refusal(verify(late))).toBe('422 mailed_token_invalid')
    expect(await refusal(verify('mt_unknown'))).toBe('422 mailed_token_invalid')
  })

  test('mails its link again when asked, and keeps no token in the database or the queue', async () => {
    await register('kim@example.com')
    const first = await door.mailedTo('kim@example.com')
    const resend = (email: string) => refusal(send(door, 'POST /auth/resend-verification', { body: { email } }))
    expect([await resend('kim@example.com'), await resend('stranger@example.com')]).toEqual(['204', '204'])
    const second = await door.mailedTo('kim@example.com')
    expect(second).toMatch(/^mt_[0-9a-z]{40}$/)
    expect(second).not.toBe(first)
    expect(subjectsTo('stranger@example.com')).toEqual([])
    const kept = await door.owner.query('select token_hash from commodore.mailed_tokens')
    const queued = await door.owner.query('select payload from commodore.outbox')
    for (const token of [first, second]) expect(JSON.stringify([kept.rows, queued.rows])).not.toContain(token.slice(3))
    expect(await refusal(verify(first))).toBe('200')
    expect(await refusal(verify(second))).toBe('422 mailed_token_invalid')
  })

  test('whose tenant could not be made is completed by signing in, under the name that was wanted', async () => {
    door.cutOff(true)
    expect(await refusal(signUp('cat@example.com', PASSWORD, 'Cat & co'))).toBe('200')
    expect(await refusal(login('cat@example.com'))).toBe('503 quartermaster_unreachable')
    door.cutOff(false)
    const { access_token } = await receive(LoginResponse, login('cat@example.com'))
    expect(await tenantOf(access_token)).toMatchObject({ name: 'Cat & co' })
  })

  test('takes no address that is none and no password that is too short or too long', async () => {
    for (const email of ['', 'x', 'a@b', `${'x'.repeat(250)}@example.com`, 'a\0@example.com']) {
      expect(await refusal(register(email))).toBe('400 invalid_input')
    }
    expect(await refusal(register('eve@example.com', 'seven77'))).toBe('400 invalid_input')
    expect(await refusal(register('eve@example.com', 'x'.repeat(201)))).toBe('400 invalid_input')
    expect(await refusal(register('eve@example.com', 'x'.repeat(200)))).toBe('202')
  })
})

describe('signing in', () => {
  test('is refused alike for a wrong password and an unknown address', async () => {
    await signUp('fay@example.com')
    expect(await refusal(login('fay@example.com', 'wrong password'))).toBe('401 invalid_credentials')
    expect(await refusal(login('nobody@example.com', 'wrong password'))).toBe('401 invalid_credentials')
  })

  test('takes a password typed in another Unicode form', async () => {
    await signUp('hal@example.com', 'pässword-é'.normalize('NFC'))
    expect(await refusal(login('hal@example.com', 'pässword-é'.normalize('NFD')))).toBe('200')
  })

  test('is refused for a disabled account, once the password is proven', async () => {
    await signUp('ian@example.com')
    await door.owner.query("update commodore.users set active = false where email = 'ian@example.com'")
    expect(await refusal(login('ian@example.com', 'wrong password'))).toBe('401 invalid_credentials')
    expect(await refusal(login('ian@example.com'))).toBe('403 account_disabled')
  })

  test('makes an operator’s token say so, and only the owner of the database makes operators', async () => {
    await signUp('ops@example.com')
    await door.owner.query("update commodore.users set operator = true where email = 'ops@example.com'")
    expect((await door.login('ops@example.com')).user.operator).toBe(true)
    const { user } = await door.login('fay@example.com')
    const grant = door.db.within({ user_id: user.id }, (tx) =>
      tx.updateTable('users').set({ operator: true }).where('id', '=', user.id).execute(),
    )
    await expect(grant).rejects.toThrow(/permission denied/)
  })
})

test('a profile has a name, which its user changes', async () => {
  const { access_token: token } = await door.login('fay@example.com')
  const { user } = await receive(Me, send(door, 'PATCH /me', { token, body: { name: 'Fay Doe' } }))
  expect(user.name).toBe('Fay Doe')
  expect((await receive(Me, send(door, 'GET /me', { token }))).user.name).toBe('Fay Doe')
  expect(await refusal(send(door, 'PATCH /me', { token, body: { email: 'x@example.com' } }))).toBe('400 invalid_input')
})

test('the key set holds every issuer’s public key and no private one', async () => {
  const answer = await send(door, 'GET /.well-known/jwks.json')
  expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
  const text = await answer.text()
  expect(text).not.toContain('"d"')
  const issuers = KeySet.parse(JSON.parse(text)).keys.map(({ kid }) => kid.split('.')[0])
  expect(issuers).toEqual(expect.arrayContaining(['commodore', 'quartermaster', 'decklog']))
})
