import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { expect, test } from 'vitest'
import { newId } from '../ids.ts'
import { createTenantKey } from '../testing/viewer-tokens.ts'
import { judgeViewer } from './judge-viewer.ts'
import { readClaims, readKeyId } from './viewer-token.ts'

const now = new Date('2026-01-01T00:00:00Z')
const stream = { id: newId('stream'), playback_id: 'regatta' }
const [key, stranger] = [await createTenantKey(), await createTenantKey()]
const keys = new Map([key, stranger].map(({ id, x, y }) => [id, { id, x, y }]))

/** What a viewer hears who shows this token: `allowed`, or why not. */
async function verdict(token: string): Promise<string> {
  const named = readKeyId(token)
  if ('denial' in named) return named.denial
  const of = { stream, key: keys.get(named.key_id), now, read: readClaims, revocationOf: () => undefined }
  const judgement = await judgeViewer({ token }, of)
  return 'denial' in judgement ? judgement.denial : 'allowed'
}

const claims = { sub: 'viewer-1', jti: '1', exp: now.getTime() / 1000 + 60, playback_id: stream.playback_id }
const headerJson = JSON.stringify({ alg: 'ES256', kid: key.id, typ: 'JWT' })
const payloadJson = JSON.stringify(claims)
const encode = (text: string | Buffer) => Buffer.from(text).toString('base64url')
const jwkOf = ({ x, y }: typeof key) => ({ kty: 'EC', crv: 'P-256', x, y })
const toNodeKey = (by: typeof key) => createPrivateKey({ format: 'jwk', key: { ...jwkOf(by), d: by.d } })

/** Signs any header and payload text, as a tenant's server whose JSON is odd would. */
function signed(headerText = headerJson, payloadText: string | Buffer = payloadJson, by = key): string {
  const input = `${encode(headerText)}.${encode(payloadText)}`
  return `${input}.${encode(signBytes('sha256', Buffer.from(input), { key: toNodeKey(by), dsaEncoding: 'ieee-p1363' }))}`
}
const withHeader = (more: Record<string, unknown>, by = key) =>
  signed(JSON.stringify({ ...JSON.parse(headerJson), ...more }), payloadJson, by)

const good = signed()
const [header = '', payload = '', signature = ''] = good.split('.')
const raw = Buffer.from(signature, 'base64url')
const withSignature = (bytes: Buffer) => `${header}.${payload}.${encode(bytes)}`
const half = Buffer.alloc(32)
const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
const hmac = (secret: Uint8Array) => new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: key.id }).sign(secret)
const pem = createPublicKey({ format: 'jwk', key: jwkOf(key) }).export({ type: 'spki', format: 'pem' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const der = signBytes('sha256', Buffer.from(`${header}.${payload}`), { key: toNodeKey(key), dsaEncoding: 'der' })

/** The same bytes as another last character: the bits that do not fill a byte differ. */
function withTrailingBits(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return `${part.slice(0, -1)}${alphabet[alphabet.indexOf(part.at(-1) ?? '') ^ 1]}`
}

test.each([
  ['as our own library writes it', good],
  ['with spaces in its JSON, as other libraries write it', signed(headerJson, payloadJson.replaceAll(',', ', '))],
  ['with a header that says nothing to us', withHeader({ cty: 'JWT', x5t: 'AAAA' })],
  ['without a typ', signed(JSON.stringify({ alg: 'ES256', kid: key.id }))],
])('a token %s is good', async (_, token) => {
  expect(await verdict(token)).toBe('allowed')
})

test.each<[string, string | Promise<string>]>([
  ['no signature', `${header}.${payload}.`],
  ['no payload', `${header}..${signature}`],
  ['two parts', `${header}.${payload}`],
  ['five parts, as if encrypted', `${good}.${payload}.${signature}`],
  ['padding', `${good}==`],
  ['padding in the header', `${header}=.${payload}.${signature}`],
  ['a space before it', ` ${good}`],
  ['a line break after it', `${good}\n`],
  ['a line break inside', `${header}.${payload.slice(0, 10)}\n${payload.slice(10)}.${signature}`],
  ['standard base64', `${header}.${payload}.${Buffer.alloc(64, 0xff).toString('base64')}`],
  ['a non-ASCII character', `${header}.${payload}.${signature.slice(1)}ä`],
  ['a length that base64 cannot have', `${header}.${payload}.${signature}AAA`],
  ['other trailing bits', `${header}.${payload}.${withTrailingBits(signature)}`],
  ['JSON serialization', JSON.stringify({ protected: header, payload, signature })],
  ['a size beyond any', signed(headerJson, JSON.stringify({ ...claims, pad: 'x'.repeat(2048) }))],
  ['no kid', signed('{"alg":"ES256"}')],
  ['a kid that is a path', withHeader({ kid: '../../dev/null' })],
  ['a kid that is a number', withHeader({ kid: 1 })],
  ['a kid of another kind', withHeader({ kid: stream.id })],
  ['a header that is a list', signed('["ES256"]')],
  ['a header that is no JSON', signed('ES256')],
])('with %s it is malformed', async (_, token) => {
  expect(await verdict(await token)).toBe('token_malformed')
})

test('with the kid of a key that the tenant does not have, the key is unknown', async () => {
  expect(await verdict(withHeader({ kid: newId('signingKey') }))).toBe('token_key_unknown')
})

test.each<[string, string | Promise<string>]>([
  ['alg none and the old signature', `${encode(`{"alg":"none","kid":"${key.id}"}`)}.${payload}.${signature}`],
  ['alg None in another case', withHeader({ alg: 'nOnE' })],
  ['no alg', signed(`{"kid":"${key.id}"}`)],
  ['alg ES256 in another case', withHeader({ alg: 'es256' })],
  ['alg ES384', withHeader({ alg: 'ES384' })],
  ['alg as a list', withHeader({ alg: ['ES256'] })],
  ['HS256 with the public JWK as secret', hmac(new TextEncoder().encode(JSON.stringify(jwkOf(key))))],
  ['HS256 with the public PEM as secret', hmac(new TextEncoder().encode(String(pem)))],
  ['HS256 with the key’s x as secret', hmac(Buffer.from(key.x, 'base64url'))],
  [
    'RS256 by a key of its own',
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.id }).sign(rsa.privateKey),
  ],
  ['an embedded jwk of a stranger', withHeader({ jwk: jwkOf(stranger) }, stranger)],
  ['an embedded jwk even of the right key', withHeader({ jwk: jwkOf(key) })],
  ['a jku', withHeader({ jku: 'https://evil.example/jwks.json' })],
  ['an x5u', withHeader({ x5u: 'https://evil.example/cert.pem' })],
  ['an x5c', withHeader({ x5c: ['MIIB'] })],
  ['crit that we do not understand', withHeader({ crit: ['exp'] })],
  ['crit that is empty', withHeader({ crit: [] })],
  ['an unencoded payload', withHeader({ b64: false, crit: ['b64'] })],
  ['b64 that is not critical', withHeader({ b64: false })],
  ['compression', withHeader({ zip: 'DEF' })],
  ['another key’s signature', withHeader({}, stranger)],
  ['broken UTF-8 where a claim should be', signed(headerJson, Buffer.from([0x7b, 0xff, 0x7d]))],
  ['a payload that is a list', signed(headerJson, '[]')],
  ['a payload that is null', signed(headerJson, 'null')],
  ['something after the JSON', signed(headerJson, `${payloadJson}{}`)],
  ['a DER signature', withSignature(der)],
  ['a signature cut short', withSignature(raw.subarray(0, 63))],
  ['a signature with a byte more', withSignature(Buffer.concat([raw, Buffer.from([0])]))],
  ['r and s of zero', withSignature(Buffer.concat([half, half]))],
  ['r of zero', withSignature(Buffer.concat([half, raw.subarray(32)]))],
  ['s of zero', withSignature(Buffer.concat([raw.subarray(0, 32), half]))],
  ['r and s of the order', withSignature(Buffer.concat([order, order]))],
  ['r and s swapped', withSignature(Buffer.concat([raw.subarray(32), raw.subarray(0, 32)]))],
  ['one bit flipped', withSignature(Buffer.concat([Buffer.from([(raw[0] ?? 0) ^ 1]), raw.subarray(1)]))],
  ['the payload of another token', `${header}.${encode(JSON.stringify({ ...claims, sub: 'x' }))}.${signature}`],
])('with %s it is invalid', async (_, token) => {
  expect(await verdict(await token)).toBe('token_invalid')
})
