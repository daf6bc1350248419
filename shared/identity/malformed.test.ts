import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { createKey, toPublicKey } from './key.ts'
import { createSigner, signUserToken } from './signer.ts'
import { createVerifier, TOKEN_LENGTH_MAX } from './verifier.ts'

const now = new Date('2026-01-01T00:00:00Z')
const clock = () => now
const key = await createKey('commodore')
const stranger = await createKey('commodore')
const publicKey = toPublicKey(key)
const verify = createVerifier({ keys: { keys: [publicKey] }, service: 'sample', clock })

const good = await signUserToken(createSigner(key, clock), {
  sub: 'usr_1',
  tenant_id: 'ten_1',
  role: 'owner',
  operator: true,
})
const [header = '', payload = '', signature = ''] = good.split('.')
const headerJson = Buffer.from(header, 'base64url').toString()
const payloadJson = Buffer.from(payload, 'base64url').toString()
const encode = (text: string | Buffer) => Buffer.from(text).toString('base64url')
const claims = JSON.parse(payloadJson)

/** Signs any header and payload text, as an issuer whose JSON is odd would. */
function signed(headerText: string, payloadText = payloadJson, by = key): string {
  const input = `${encode(headerText)}.${encode(payloadText)}`
  return `${input}.${encode(signBytes('sha256', Buffer.from(input), { key: toNodeKey(by), dsaEncoding: 'ieee-p1363' }))}`
}
const toNodeKey = (jwk: typeof key) => createPrivateKey({ format: 'jwk', key: { ...jwk } })
const withHeader = (more: Record<string, unknown>, by = key) =>
  signed(JSON.stringify({ ...JSON.parse(headerJson), ...more }), payloadJson, by)
const raw = Buffer.from(signature, 'base64url')
const withSignature = (bytes: Buffer) => `${header}.${payload}.${encode(bytes)}`
const half = Buffer.alloc(32)
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')

const hmac = (secret: Uint8Array) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: key.kid, typ: 'JWT' }).sign(secret)
const pem = createPublicKey({ format: 'jwk', key: { ...publicKey } })
  .export({ type: 'spki', format: 'pem' })
  .toString()
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const asDer = () => {
  const input = Buffer.from(`${header}.${payload}`)
  return signBytes('sha256', input, { key: toNodeKey(key), dsaEncoding: 'der' })
}
/** The same bytes as another last character: the bits that do not fill a byte differ. */
function withTrailingBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(part.at(-1) ?? '')
  const other = `${part.slice(0, -1)}${alphabet[last ^ 1]}`
  expect(Buffer.from(other, 'base64url')).toEqual(Buffer.from(part, 'base64url'))
  return other
}

test('the token that all others are made from is good, and so is our way of signing', async () => {
  expect(await verify(good)).toMatchObject({ user_id: 'usr_1' })
  expect(await verify(signed(headerJson))).toMatchObject({ user_id: 'usr_1' })
})

test.each<[string, string | Promise<string>]>([
  ['alg none without a signature', `${encode('{"alg":"none"}')}.${payload}.`],
  ['alg none with the old signature', `${encode(`{"alg":"none","kid":"${key.kid}"}`)}.${payload}.${signature}`],
  ['alg None in another case', withHeader({ alg: 'nOnE' })],
  ['no alg', signed(`{"kid":"${key.kid}"}`)],
  ['alg ES256 in another case', withHeader({ alg: 'es256' })],
  ['alg ES384', withHeader({ alg: 'ES384' })],
  ['alg as a list', withHeader({ alg: ['ES256'] })],
  ['HS256 with the public JWK as secret', hmac(new TextEncoder().encode(JSON.stringify(publicKey)))],
  ['HS256 with the public PEM as secret', hmac(new TextEncoder().encode(pem))],
  ['HS256 with the key’s x as secret', hmac(Buffer.from(publicKey.x, 'base64url'))],
  [
    'RS256 with a key of its own',
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(rsa.privateKey),
  ],
  ['an embedded jwk of a stranger', withHeader({ jwk: toPublicKey(stranger) }, stranger)],
  ['an embedded jwk even of our own', withHeader({ jwk: publicKey })],
  ['a jku', withHeader({ jku: 'https://evil.example/jwks.json' }, stranger)],
  ['an x5u', withHeader({ x5u: 'https://evil.example/cert.pem' }, stranger)],
  ['an x5c', withHeader({ x5c: ['MIIB'] }, stranger)],
  ['an x5t', withHeader({ x5t: 'AAAA' })],
  ['crit that we do not understand', withHeader({ crit: ['exp'] })],
  ['crit that is empty', withHeader({ crit: [] })],
  ['an unencoded payload', withHeader({ b64: false, crit: ['b64'] })],
  ['compression', withHeader({ zip: 'DEF' })],
  ['another typ', withHeader({ typ: 'at+jwt' })],
  ['a nested content type', withHeader({ cty: 'JWT' })],
  ['no kid', signed('{"alg":"ES256","typ":"JWT"}')],
  ['a kid that is a path', withHeader({ kid: '../../dev/null' })],
  ['a kid that is a number', withHeader({ kid: 1 })],
  ['the kid of an issuer without keys', withHeader({ kid: key.kid.replace('commodore', 'purser') })],
  ['a stranger’s signature', signed(headerJson, payloadJson, stranger)],
  ['an alg that stands twice', signed(headerJson.replace('{', '{"alg":"none",'))],
  ['a kid that stands twice', signed(headerJson.replace('{', '{"kid":"x",'))],
  ['a claim that stands twice', signed(headerJson, payloadJson.replace('{', '{"operator":false,'))],
  ['a claim that stands twice, escaped', signed(headerJson, payloadJson.replace('{', '{"\\u006fperator":false,'))],
  ['spaces in its JSON', signed(headerJson, payloadJson.replace(',', ', '))],
  ['a byte order mark', signed(headerJson, `\ufeff${payloadJson}`)],
  ['broken UTF-8', `${header}.${encode(Buffer.from([0x7b, 0xff, 0x7d]))}.${signature}`],
  ['a payload that is no object', signed(headerJson, '[]')],
  ['a payload that is null', signed(headerJson, 'null')],
  ['a header that is a list', signed('["ES256"]')],
  ['something after the JSON', signed(headerJson, `${payloadJson}{}`)],
  ['padding in the signature', `${good}==`],
  ['padding in the header', `${header}=.${payload}.${signature}`],
  ['a space before it', ` ${good}`],
  ['a line break after it', `${good}\n`],
  ['a line break inside', `${header}.${payload.slice(0, 10)}\n${payload.slice(10)}.${signature}`],
  ['standard base64 in the signature', `${header}.${payload}.${raw.toString('base64')}`],
  ['a non-ASCII character', `${header}.${payload}.${signature.slice(1)}ä`],
  ['a length that base64 cannot have', `${header}.${payload}.${signature}AAA`],
  ['other trailing bits in the signature', `${header}.${payload}.${withTrailingBits(signature)}`],
  ['five parts, as if encrypted', `${good}.${payload}.${signature}`],
  ['two parts', `${header}.${payload}`],
  ['an empty payload', `${header}..${signature}`],
  ['an empty signature', `${header}.${payload}.`],
  ['JSON serialization', JSON.stringify({ protected: header, payload, signature })],
  ['a size beyond ours', signed(headerJson, JSON.stringify({ ...claims, pad: 'x'.repeat(TOKEN_LENGTH_MAX) }))],
  ['a DER signature', withSignature(asDer())],
  ['a signature cut short', withSignature(raw.subarray(0, 63))],
  ['a signature with a byte more', withSignature(Buffer.concat([raw, Buffer.from([0])]))],
  ['r and s of zero', withSignature(Buffer.concat([half, half]))],
  ['r of zero', withSignature(Buffer.concat([half, raw.subarray(32)]))],
  ['s of zero', withSignature(Buffer.concat([raw.subarray(0, 32), half]))],
  ['r and s of the order', withSignature(Buffer.concat([order, order]))],
  ['r and s swapped', withSignature(Buffer.concat([raw.subarray(32), raw.subarray(0, 32)]))],
  ['one bit flipped', withSignature(Buffer.concat([Buffer.from([(raw[0] ?? 0) ^ 1]), raw.subarray(1)]))],
  ['the payload of another token', `${header}.${encode(JSON.stringify({ ...claims, sub: 'usr_2' }))}.${signature}`],
])('a token with %s is refused', async (_, token) => {
  await expect(verify(await token)).rejects.toMatchObject({ status: 401, reason: expect.stringMatching(/^token_/) })
})

test('every key id is its key’s thumbprint', async () => {
  expect(key.kid).toBe(`commodore.${await calculateJwkThumbprint(publicKey)}`)
})
