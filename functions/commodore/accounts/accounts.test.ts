import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { LoginResponse, Me, RegisterResponse } from '../../../shared/contract/accounts.ts'
import { KeySet } from '../../../shared/contract/identity.ts'
import { Tenant } from '../../../shared/contract/quartermaster.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openCommodore, PASSWORD, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore

beforeAll(async () => {
  door = await openCommodore()
})
afterAll(() => door[Symbol.asyncDispose]())
afterEach(() => door.cutOff(false))

const register = (email: string, password = PASSWORD, tenant_name = 'Acme') =>
  send(door, 'POST /auth/register', { body: { email, password, tenant_name } })
const login = (email: string, password = PASSWORD) => send(door, 'POST /auth/login', { body: { email, password } })
const tenantOf = (token: string) => receive(Tenant, send(door.quartermaster, 'GET /tenants/current', { token }))

describe('registering', () => {
  test('makes a user who owns a new tenant, and whose token works at other services', async () => {
    expect(await receive(RegisterResponse, register(' Ann@Example.com '))).toEqual({
      email: 'ann@example.com',
      next: 'login',
    })
    const { access_token, expires_in, user, tenant } = await receive(LoginResponse, login('ANN@example.com'))
    expect([expires_in, user.email, user.operator, tenant.role]).toEqual([900, 'ann@example.com', false, 'owner'])
    expect(await tenantOf(access_token)).toMatchObject({ id: tenant.id, name: 'Acme' })
    const me = await receive(Me, send(door, 'GET /me', { token: access_token }))
    expect(me).toEqual({ user, tenant })
  })

  test('with a taken address answers the same, and changes neither password nor tenant', async () => {
    const first = await receive(
      LoginResponse,
      register('bob@example.com').then(() => login('bob@example.com')),
    )
    const answer = await register('bob@example.com', 'another password', 'Taken over')
    const fresh = await register('new@example.com', 'another password', 'Fresh')
    expect([answer.status, await answer.json()]).toEqual([202, { email: 'bob@example.com', next: 'login' }])
    expect([fresh.status, await fresh.json()]).toEqual([202, { email: 'new@example.com', next: 'login' }])
    expect(await refusal(login('bob@example.com', 'another password'))).toBe('401 invalid_credentials')
    const again = await receive(LoginResponse, login('bob@example.com'))
    expect(again.tenant).toEqual(first.tenant)
    expect(await tenantOf(again.access_token)).toMatchObject({ name: 'Acme' })
  })

  test('at once by several makes one user and one tenant', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => register('many@example.com')))
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    const { rows } = await door.owner.query(
      `select count(distinct u.id)::int as users, count(m.tenant_id)::int as tenants
       from commodore.users u join commodore.memberships m on m.user_id = u.id where email = 'many@example.com'`,
    )
    expect(rows).toEqual([{ users: 1, tenants: 1 }])
  })

  test('that broke half-way is completed by trying again', async () => {
    door.cutOff(true)
    expect(await refusal(register('cat@example.com'))).toBe('503 quartermaster_unreachable')
    expect(await refusal(login('cat@example.com'))).toBe('503 quartermaster_unreachable')
    door.cutOff(false)
    expect(await refusal(register('cat@example.com', PASSWORD, 'Cat & co'))).toBe('202')
    const { access_token } = await receive(LoginResponse, login('cat@example.com'))
    expect(await tenantOf(access_token)).toMatchObject({ name: 'Cat & co' })
  })

  test('that broke half-way is completed by signing in', async () => {
    door.cutOff(true)
    await register('dan@example.com')
    door.cutOff(false)
    const { access_token, tenant } = await receive(LoginResponse, login('dan@example.com'))
    expect(await tenantOf(access_token)).toMatchObject({ id: tenant.id, name: 'dan@example.com' })
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
    await register('fay@example.com')
    expect(await refusal(login('fay@example.com', 'wrong password'))).toBe('401 invalid_credentials')
    expect(await refusal(login('nobody@example.com', 'wrong password'))).toBe('401 invalid_credentials')
  })

  test('takes a password typed in another Unicode form', async () => {
    await register('hal@example.com', 'pässword-é'.normalize('NFC'))
    expect(await refusal(login('hal@example.com', 'pässword-é'.normalize('NFD')))).toBe('200')
  })

  test('is refused for a disabled account, once the password is proven', async () => {
    await register('ian@example.com')
    await door.owner.query("update commodore.users set active = false where email = 'ian@example.com'")
    expect(await refusal(login('ian@example.com', 'wrong password'))).toBe('401 invalid_credentials')
    expect(await refusal(login('ian@example.com'))).toBe('403 account_disabled')
  })

  test('makes an operator’s token say so, and only the owner of the database makes operators', async () => {
    await register('ops@example.com')
    await door.owner.query("update commodore.users set operator = true where email = 'ops@example.com'")
    expect((await door.login('ops@example.com')).user.operator).toBe(true)
    const { user } = await door.login('fay@example.com')
    const grant = door.db.within({ user_id: user.id }, (tx) =>
      tx.updateTable('users').set({ operator: true }).where('id', '=', user.id).execute(),
    )
    await expect(grant).rejects.toThrow(/permission denied/)
  })
})

test('the key set holds every issuer’s public key and no private one', async () => {
  const answer = await send(door, 'GET /.well-known/jwks.json')
  expect(answer.headers.get('cache-control')).toBe('public, max-age=300')
  const text = await answer.text()
  expect(text).not.toContain('"d"')
  const issuers = KeySet.parse(JSON.parse(text)).keys.map(({ kid }) => kid.split('.')[0])
  expect(issuers).toEqual(expect.arrayContaining(['commodore', 'quartermaster', 'decklog']))
})
