import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LoginResponse } from '../../../shared/contract/accounts.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, PASSWORD, type TestCommodore } from '../testing/commodore.ts'
import { MAILED_TOKEN_SECONDS } from './mailed-tokens.ts'

const NEW_PASSWORD = 'tr0ubador and more'

let door: TestCommodore
let ann: Account
let turn = 0

beforeAll(async () => {
  door = await openCommodore()
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(async () => {
  ann = await door.account(`ann${++turn}`)
})

const login = (password: string) => send(door, 'POST /auth/login', { body: { email: ann.email, password } })
const forget = (email: string) => refusal(send(door, 'POST /auth/forgot-password', { body: { email } }))
const reset = (token: string, password = NEW_PASSWORD) =>
  refusal(send(door, 'POST /auth/reset-password', { body: { token, password } }))
const me = (token: string) => refusal(send(door, 'GET /me', { token }))
const refresh = (refresh_token: string) => refusal(send(door, 'POST /auth/refresh', { body: { refresh_token } }))

describe('a forgotten password', () => {
  test('is replaced by a mailed link, which ends every session and tells the owner', async () => {
    const { access_token, refresh_token } = await door.login(ann.email)
    expect(await me(access_token)).toBe('200')
    expect(await forget(ann.email)).toBe('204')
    expect(await reset(await door.mailedTo(ann.email))).toBe('204')
    expect(await refresh(refresh_token)).toBe('401 session_revoked')
    expect(await me(access_token)).toBe('401 session_revoked')
    expect(await refusal(login(PASSWORD))).toBe('401 invalid_credentials')
    expect(await refusal(login(NEW_PASSWORD))).toBe('200')
    await door.deliver()
    expect(door.mails.at(-1)).toMatchObject({ to: ann.email, subject: 'Your password was changed' })
  })

  test('of an unknown address gets the same answer and no mail', async () => {
    const before = door.mails.length
    expect(await forget('nobody@example.com')).toBe('204')
    await door.deliver()
    expect(door.mails.length).toBe(before)
  })

  test('is replaced once by a link, also by two at once, and by none older than an hour or another one used', async () => {
    await forget(ann.email)
    const first = await door.mailedTo(ann.email)
    await forget(ann.email)
    const second = await door.mailedTo(ann.email)
    const answers = await Promise.all([reset(first), reset(first, 'the other password')])
    expect(answers.toSorted()).toEqual(['204', '422 mailed_token_invalid'])
    expect(await reset(second)).toBe('422 mailed_token_invalid')
    await forget(ann.email)
    const late = await door.mailedTo(ann.email)
    door.quartermaster.pass(MAILED_TOKEN_SECONDS.reset)
    expect(await reset(late)).toBe('422 mailed_token_invalid')
  })

  test('is not replaced by a link that verifies an address', async () => {
    await send(door, 'POST /auth/register', { body: { email: `new${turn}@example.com`, password: PASSWORD } })
    expect(await reset(await door.mailedTo(`new${turn}@example.com`))).toBe('422 mailed_token_invalid')
  })
})

test('a changed password ends the other sessions and keeps the one that changed it', async () => {
  const here = await receive(LoginResponse, login(PASSWORD))
  const elsewhere = await door.login(ann.email)
  const change = (current_password: string) =>
    refusal(
      send(door, 'POST /me/password', {
        token: here.access_token,
        body: { current_password, new_password: NEW_PASSWORD },
      }),
    )
  expect(await change('wrong password')).toBe('403 wrong_password')
  expect(await change(PASSWORD)).toBe('204')
  expect(await refresh(here.refresh_token)).toBe('200')
  expect(await refresh(elsewhere.refresh_token)).toBe('401 session_revoked')
  expect([await me(here.access_token), await me(elsewhere.access_token)]).toEqual(['200', '401 session_revoked'])
  expect(await refusal(login(NEW_PASSWORD))).toBe('200')
})
