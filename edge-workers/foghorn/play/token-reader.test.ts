import { expect, test } from 'vitest'
import { createTenantKey, signViewerToken } from '../../../shared/testing/viewer-tokens.ts'
import { createTokenReader } from './token-reader.ts'

const now = new Date('2026-01-01T00:00:00Z')
const exp = now.getTime() / 1000 + 60

test('a token that one key signed is never read by another of the same id', async () => {
  const reader = createTokenReader()
  const [key, other] = [await createTenantKey(), await createTenantKey()]
  const token = await signViewerToken(key, { playback_id: 'regatta', exp })
  expect(await reader.readClaims(token, key, now)).toMatchObject({ playback_id: 'regatta' })
  expect(await reader.readClaims(token, { ...other, id: key.id }, now)).toBe('token_invalid')
  expect(await reader.readClaims(token, key, now)).toMatchObject({ playback_id: 'regatta' })
})

test('a good token is read once, and one that was refused is refused again', async () => {
  const reader = createTokenReader()
  const key = await createTenantKey()
  const token = await signViewerToken(key, { playback_id: 'regatta', exp })
  const first = await reader.readClaims(token, key, now)
  expect(await reader.readClaims(token, key, now)).toBe(first)
  expect(reader.readKeyId(token)).toEqual({ token, key_id: key.id })
  const bad = await signViewerToken(key, { exp })
  for (let time = 0; time < 2; time++) expect(await reader.readClaims(bad, key, now)).toBe('token_invalid')
})

test('of many keys and tokens the ones seen last are remembered, and every one is still read', async () => {
  const reader = createTokenReader({ keysMax: 1, tokensMax: 2 })
  const keys = await Promise.all([createTenantKey(), createTenantKey(), createTenantKey()])
  const seen = await Promise.all(
    keys.map(async (key) => ({ key, token: await signViewerToken(key, { playback_id: 'regatta', exp }) })),
  )
  const readAll = async () => {
    const claims = []
    for (const { key, token } of seen) claims.push(await reader.readClaims(token, key, now))
    return claims
  }
  const [first, second] = [await readAll(), await readAll()]
  expect(second).toEqual(first)
  for (const [index, claims] of second.entries()) expect(claims).not.toBe(first[index])
  const [, , last] = seen
  if (last) expect(await reader.readClaims(last.token, last.key, now)).toBe(second[2])
})
