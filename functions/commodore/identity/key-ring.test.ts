import { afterAll, beforeAll, expect, test } from 'vitest'
import { KeySet } from '../../../shared/contract/identity.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { openCommodore, type TestCommodore } from '../testing/commodore.ts'
import {
  KEY_DAYS,
  type KeyRing,
  NEXT_KEY_SECONDS,
  openKeyRing,
  RETIRED_KEY_SECONDS,
  RING_FRESH_MS,
} from './key-ring.ts'

let door: TestCommodore

beforeAll(async () => {
  door = await openCommodore()
})
afterAll(() => door[Symbol.asyncDispose]())

const claims = { kind: 'service', sub: 'commodore' } as const
const pass = (seconds: number) => door.quartermaster.pass(seconds)
const rotate = async () => door.jobs.identity?.run(AbortSignal.timeout(10_000))
const kidOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
const shown = async () => {
  const { keys } = await receive(KeySet, send(door, 'GET /.well-known/jwks.json'))
  return keys.map(({ kid }) => kid).filter((kid) => kid.startsWith('commodore.'))
}
const statusOf = async (token: string) => (await send(door, 'GET /me', { token })).status

test('a key is shown before it signs and after it signed, and tokens live through the change', async () => {
  const { email } = await door.account('ann')
  const signIn = async () => (await door.login(email)).access_token
  const first = kidOf(await signIn())
  expect(await shown()).toEqual([first])

  // Several schedulers at once make one next key, which is shown and does not sign yet.
  await Promise.all([rotate(), rotate(), rotate()])
  pass(RING_FRESH_MS / 1000)
  const [, next] = await shown()
  expect(await shown()).toEqual([first, next])
  await rotate()
  expect(kidOf(await signIn())).toBe(first)

  pass(NEXT_KEY_SECONDS)
  const before = await signIn()
  await rotate()
  pass(RING_FRESH_MS / 1000)
  const after = await signIn()
  expect([kidOf(before), kidOf(after)]).toEqual([first, next])
  expect([await statusOf(before), await statusOf(after)]).toEqual([200, 200])

  // The first key, of the settings, retires like the others.
  expect(await shown()).toContain(first)
  pass(RETIRED_KEY_SECONDS)
  expect(await shown()).not.toContain(first)
  expect(await statusOf(before)).toBe(401)
  expect(kidOf(await signIn())).toBe(next)

  pass(KEY_DAYS * 86_400)
  const last = await signIn()
  expect(kidOf(last)).toBe(next)
  await rotate()
  pass(RING_FRESH_MS / 1000)
  const third = await signIn()
  expect([first, next]).not.toContain(kidOf(third))
  expect(await statusOf(last)).toBe(200)
  expect(await shown()).toContain(next)

  // After the longest token the retired key is gone, and what it signed with it.
  pass(RETIRED_KEY_SECONDS)
  await rotate()
  pass(RING_FRESH_MS / 1000)
  expect(await shown()).not.toContain(next)
  expect(await shown()).toContain(kidOf(third))
  expect(await shown()).not.toContain(first)
})

test('the key of the settings signs on an empty database alone, also after a restart', async () => {
  await using empty = await openCommodore()
  const first = empty.quartermaster.identities.keyOf('commodore')
  const own = async (ring: KeyRing) => {
    const { keys } = await ring.keySet()
    return { signs: kidOf(await ring.signer.sign(claims, 'x', 60)), shown: keys.map(({ kid }) => kid) }
  }
  const restarted = () =>
    own(openKeyRing({ db: empty.db, encryption: empty.encryption, first, others: [], clock: empty.quartermaster.now }))
  expect(await restarted()).toEqual({ signs: first.kid, shown: [first.kid] })
  const rotateEmpty = () => empty.jobs.identity?.run(AbortSignal.timeout(10_000))
  await rotateEmpty()
  empty.quartermaster.pass(NEXT_KEY_SECONDS)
  await rotateEmpty()
  expect((await restarted()).shown).toContain(first.kid)
  empty.quartermaster.pass(RETIRED_KEY_SECONDS)
  const later = await restarted()
  expect(later.signs).not.toBe(first.kid)
  expect(later.shown).not.toContain(first.kid)
})

test('private keys lie encrypted, each under its own name', async () => {
  const { rows } = await door.owner.query('select kid, private_key, public_key from commodore.identity_keys')
  expect(rows.length).toBeGreaterThan(0)
  for (const { private_key, public_key } of rows) {
    expect(private_key).toMatch(/^enc\./)
    expect(public_key).not.toHaveProperty('d')
  }
})
