import { expect, test } from 'vitest'
import type { Client } from '../client/client.ts'
import { scopes } from '../context.ts'
import { Scope } from '../contract/fields.ts'
import { newId } from '../ids.ts'
import { API_TOKEN_VERDICT_MS, createApiTokenVerifier } from './api-tokens.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const good = {
  valid: true,
  token_id: newId('apiToken'),
  tenant_id: newId('tenant'),
  scopes: ['streams:read'],
  operator: false,
  expires_at: null,
}

/** A verifier before a Commodore that answers whatever `answer` gives, and counts. */
function setUp(answer: () => unknown) {
  const state = { now: new Date(START), asked: 0 }
  const fetch = () => {
    state.asked++
    return Response.json(answer())
  }
  const client: Client = { service: 'commodore', baseUrl: new URL('http://commodore.test'), fetch }
  return { state, verify: createApiTokenVerifier(client, () => state.now) }
}

test('a verdict is asked once for many requests, and again after ten seconds', async () => {
  const { state, verify } = setUp(() => good)
  const actors = await Promise.all([verify('fw_a'), verify('fw_a'), verify('fw_a')])
  expect(actors[2]).toMatchObject({ kind: 'api_token', tenant_id: good.tenant_id, scopes: ['streams:read'] })
  state.now = new Date(START + API_TOKEN_VERDICT_MS - 1)
  await verify('fw_a')
  expect(state.asked).toBe(1)
  state.now = new Date(START + API_TOKEN_VERDICT_MS + 1)
  await verify('fw_a')
  expect(state.asked).toBe(2)
})

test('a token that runs out while its verdict is remembered is refused', async () => {
  const { state, verify } = setUp(() => ({ ...good, expires_at: new Date(START + 1000).toISOString() }))
  await verify('fw_a')
  state.now = new Date(START + 1000)
  await expect(verify('fw_a')).rejects.toMatchObject({ status: 401, reason: 'api_token_expired' })
})

test('an unknown token is a 401 with Commodore’s reason, and an absurd one is not even asked about', async () => {
  const { state, verify } = setUp(() => ({ valid: false, reason: 'api_token_unknown' }))
  await expect(verify('fw_x')).rejects.toMatchObject({ status: 401, reason: 'api_token_unknown' })
  await expect(verify(`fw_${'x'.repeat(10_000)}`)).rejects.toMatchObject({ status: 401 })
  expect(state.asked).toBe(1)
})

test('when Commodore cannot answer, the caller is not told that the token is bad', async () => {
  const { verify } = setUp(() => 'nonsense')
  await expect(verify('fw_a')).rejects.toMatchObject({ status: 503, retry: true })
})

test('the contract knows the same scopes as the services', () => {
  expect(Scope.options).toEqual([...scopes])
})
