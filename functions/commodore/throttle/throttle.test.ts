import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, PASSWORD, type TestCommodore } from '../testing/commodore.ts'
import { LOGIN_OF_ACCOUNT, LOGIN_OF_ACCOUNT_THERE, LOGIN_OF_ADDRESS, MAIL_TO } from './allowances.ts'

let door: TestCommodore
let ann: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())

const pass = (seconds: number) => door.quartermaster.pass(seconds)
const HOUR = 3600

interface Attempt {
  from?: string
  email?: string
  password?: string
}
const attempt = ({ from, email = ann.email, password = 'wrong password' }: Attempt) =>
  send(door, 'POST /auth/login', {
    body: { email, password },
    ...(from && { headers: { 'x-forwarded-for': from } }),
  })
const code = (tried: Attempt) => refusal(attempt(tried))

describe('signing in', () => {
  test('from one network is held after so many guesses, says for how long, and goes on then', async () => {
    for (let n = 0; n < LOGIN_OF_ACCOUNT_THERE.burst; n++) {
      expect(await code({ from: '192.0.2.1' })).toBe('401 invalid_credentials')
    }
    const held = await attempt({ from: '192.0.2.1', password: PASSWORD })
    expect([held.status, held.headers.get('retry-after')]).toEqual([429, `${LOGIN_OF_ACCOUNT_THERE.refill_seconds}`])
    pass(LOGIN_OF_ACCOUNT_THERE.refill_seconds - 1)
    expect(await code({ from: '192.0.2.1', password: PASSWORD })).toBe('429 too_many_attempts')
    pass(1)
    expect(await code({ from: '192.0.2.1', password: PASSWORD })).toBe('200')
    pass(HOUR)
  })

  test('an unknown address is held alike', async () => {
    const email = 'nobody@example.com'
    for (let n = 0; n < LOGIN_OF_ACCOUNT_THERE.burst; n++) {
      expect(await code({ from: '192.0.2.1', email })).toBe('401 invalid_credentials')
    }
    expect(await code({ from: '192.0.2.1', email })).toBe('429 too_many_attempts')
    pass(HOUR)
  })

  test('guesses of others, from however many networks, do not hold the owner at a known one', async () => {
    expect(await code({ from: '203.0.113.9', password: PASSWORD })).toBe('200')
    const answers: string[] = []
    for (let n = 0; n < LOGIN_OF_ACCOUNT.burst + 2; n++) answers.push(await code({ from: `198.18.${n}.1` }))
    expect(answers.filter((answer) => answer === '401 invalid_credentials')).toHaveLength(LOGIN_OF_ACCOUNT.burst)
    expect(answers.at(-1)).toBe('429 too_many_attempts')
    expect(await code({ from: '203.0.113.77', password: PASSWORD })).toBe('200')
    expect(await code({ from: '198.51.100.1', password: PASSWORD })).toBe('429 too_many_attempts')
    pass(LOGIN_OF_ACCOUNT.refill_seconds)
    expect(await code({ from: '198.51.100.1', password: PASSWORD })).toBe('200')
    pass(HOUR)
  })

  test('a list of accounts is not tried from one address, and IPv6 counts by its network', async () => {
    const spray = (n: number) => code({ from: `2001:db8:1:${n}::1`, email: `user${n}@example.com` })
    for (let n = 0; n < LOGIN_OF_ADDRESS.burst; n++) expect(await spray(n)).toBe('401 invalid_credentials')
    expect(await spray(99)).toBe('429 too_many_attempts')
    expect(await code({ from: '2001:db8:2::1', email: 'user99@example.com' })).toBe('401 invalid_credentials')
    pass(HOUR)
  })

  test('with the right password costs nothing', async () => {
    for (let n = 0; n <= LOGIN_OF_ACCOUNT_THERE.burst; n++) {
      expect(await code({ from: '192.0.2.1', password: PASSWORD })).toBe('200')
    }
  })

  test('of two at the limit lets one through', async () => {
    for (let n = 1; n < LOGIN_OF_ACCOUNT_THERE.burst; n++) await code({ from: '192.0.2.50' })
    const answers = await Promise.all([1, 2, 3].map(() => code({ from: '192.0.2.50' })))
    expect(answers.toSorted()).toEqual(['401 invalid_credentials', '429 too_many_attempts', '429 too_many_attempts'])
  })
})

test('mail to one address is held, whether anybody has it or not', async () => {
  for (const email of [ann.email, 'stranger@example.com']) {
    pass(HOUR)
    const ask = (path: string) => refusal(send(door, `POST /auth/${path}`, { body: { email } }))
    for (let n = 0; n < MAIL_TO.burst; n++) expect(await ask('forgot-password')).toBe('204')
    expect(await ask('forgot-password')).toBe('429 too_many_attempts')
    expect(await ask('resend-verification')).toBe('429 too_many_attempts')
    const again = { email, password: PASSWORD }
    expect(await refusal(send(door, 'POST /auth/register', { body: again }))).toBe('429 too_many_attempts')
  }
})

test('what has run out is swept, and nothing else', async () => {
  await code({ from: '192.0.2.1' })
  const count = async () => (await door.owner.query('select count(*)::int as n from commodore.throttles')).rows[0].n
  await door.sweep()
  expect(await count()).toBeGreaterThan(0)
  pass(31 * 86_400)
  await door.sweep()
  expect(await count()).toBe(0)
})
