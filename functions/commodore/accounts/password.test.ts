import { expect, test } from 'vitest'
import { checkPassword, hashPassword } from './password.ts'

const ROUNDS = 7

test('a password is right for its own hash alone', async () => {
  const kept = await hashPassword('right password')
  expect(kept).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await checkPassword('right password', kept)).toBe(true)
  expect(await checkPassword('wrong password', kept)).toBe(false)
  expect(await checkPassword('right password', undefined)).toBe(false)
  expect(await hashPassword('right password')).not.toBe(kept)
})

test('to say no without a hash takes as long as with one', async () => {
  const kept = await hashPassword('right password')
  const fastest = { known: Number.POSITIVE_INFINITY, unknown: Number.POSITIVE_INFINITY }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [kind, hash] of [['known', kept] as const, ['unknown', undefined] as const]) {
      const started = performance.now()
      await checkPassword('wrong password', hash)
      fastest[kind] = Math.min(fastest[kind], performance.now() - started)
    }
  }
  // The fastest of several is the least disturbed; without the work it would be a thousand times faster.
  expect(fastest.unknown).toBeGreaterThan(fastest.known / 2)
  expect(fastest.known).toBeGreaterThan(fastest.unknown / 2)
})
