import { importPKCS8, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Page } from '../../../shared/contract/page.ts'
import { CreatedSigningKey, SIGNING_KEYS_MAX, SigningKey } from '../../../shared/contract/playback.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { createSigningKey } from '../testing/viewer-tokens.ts'

let door: TestCommodore
let ann: Account
let bob: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  bob = await door.account('bob')
})
afterAll(() => door[Symbol.asyncDispose]())

const list = (account: Account) => receive(Page(SigningKey), send(door, 'GET /signing-keys', { token: account.token }))
const make = (account: Account, headers: Record<string, string> = {}) =>
  send(door, 'POST /signing-keys', { token: account.token, headers, body: { name: 'web' } })

test('a key’s private half is shown once, as PEM and as JWK, and kept by nobody', async () => {
  const { private_pem, private_jwk, ...shown } = await createSigningKey(door, ann)
  expect(private_pem).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  expect(private_jwk).toMatchObject({ ...shown.public_jwk, kid: shown.id, alg: 'ES256' })
  expect((await list(ann)).data).toEqual([shown])
  const { rows } = await door.owner.query('select k::text as text from commodore.signing_keys k')
  expect(JSON.stringify(rows)).not.toContain(private_jwk.d)
  const pem = await importPKCS8(private_pem, 'ES256')
  await expect(new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(pem)).resolves.toMatch(/\./)
})

test('of many made at once there are never more than the limit', async () => {
  const answers = await Promise.all(Array.from({ length: SIGNING_KEYS_MAX + 8 }, () => refusal(make(bob))))
  expect(answers.filter((answer) => answer === '201')).toHaveLength(SIGNING_KEYS_MAX)
  expect(answers.filter((answer) => answer === '409 too_many_signing_keys')).toHaveLength(8)
  const [first] = (await list(bob)).data
  expect((await list(bob)).data).toHaveLength(SIGNING_KEYS_MAX)
  const revoke = () => send(door, `DELETE /signing-keys/${first?.id}`, { token: bob.token })
  expect((await revoke()).status).toBe(204)
  expect(await refusal(revoke())).toBe('404 signing_key_not_found')
  expect(await refusal(make(bob))).toBe('201')
})

test('repeated with one Idempotency-Key, one key is made and comes again', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const first = await receive(CreatedSigningKey, make(ann, headers))
  expect(await receive(CreatedSigningKey, make(ann, headers))).toEqual(first)
})
