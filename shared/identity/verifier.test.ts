import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { importJWK, type JWTPayload, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import type { Claims, PrivateKey } from '../contract/identity.ts'
import { freePort } from '../testing/port.ts'
import { createKey, toPublicKey } from './key.ts'
import { createServiceTokens, createSigner, signNodeToken, signUserToken, USER_TOKEN_SECONDS } from './signer.ts'
import { CLOCK_TOLERANCE_SECONDS, createVerifier, TOKEN_LENGTH_MAX, VERDICT_CACHE_MS } from './verifier.ts'

let now = new Date('2026-01-01T00:00:00Z')
const clock = () => now
const later = (seconds: number) => {
  now = new Date(now.getTime() + seconds * 1000)
}

const commodore = await createKey('commodore')
const quartermaster = await createKey('quartermaster')
const decklog = await createKey('decklog')
const keys = { keys: [commodore, quartermaster, decklog].map(toPublicKey) }
const verify = createVerifier({ keys, service: 'sample', clock })

const user = { sub: 'usr_1', tenant_id: 'ten_1', role: 'member', operator: false } as const
const userClaims: Claims = { kind: 'user', ...user }
const node = { sub: 'nod_1', cluster_id: 'clu_1' }
const sign = (key: PrivateKey, claims: Claims, audience = 'frameworks', seconds = 60) =>
  createSigner(key, clock).sign(claims, audience, seconds)

/** A token with whatever header and payload, signed by Commodore's key. */
async function forge(
  header: Record<string, unknown>,
  payload: JWTPayload,
  omit: readonly string[] = [],
  signedBy: PrivateKey = commodore,
) {
  const issued = Math.floor(now.getTime() / 1000)
  const full = {
    iss: 'commodore',
    aud: 'frameworks',
    iat: issued,
    exp: issued + 60,
    jti: '1',
    ...userClaims,
    ...payload,
  }
  const kept = Object.fromEntries(Object.entries(full).filter(([name]) => !omit.includes(name)))
  const key = await importJWK(signedBy, 'ES256')
  return new SignJWT(kept).setProtectedHeader({ alg: 'ES256', kid: commodore.kid, ...header }).sign(key)
}

const refused = (token: string) =>
  verify(token).then(
    () => 'accepted',
    (fault: { status: number; reason: string }) => `${fault.status} ${fault.reason}`,
  )

describe('a good token names its actor', () => {
  test('of a user', async () => {
    const token = await signUserToken(createSigner(commodore, clock), user)
    expect(await verify(token)).toEqual({
      kind: 'user',
      user_id: 'usr_1',
      tenant_id: 'ten_1',
      role: 'member',
      operator: false,
    })
  })

  test('of a node', async () => {
    const token = await signNodeToken(createSigner(quartermaster, clock), node)
    expect(await verify(token)).toEqual({ kind: 'node', node_id: 'nod_1', cluster_id: 'clu_1' })
  })

  test('of a service, whose token is used for half its life and then renewed', async () => {
    const token = createServiceTokens(createSigner(decklog, clock), 'sample', clock)
    const first = await token()
    expect(await verify(first)).toEqual({ kind: 'service', service: 'decklog' })
    later(149)
    expect(await token()).toBe(first)
    later(1)
    expect(await token()).not.toBe(first)
  })
})

describe('a token is refused', () => {
  test('when it is no token, or too long to be one of ours', async () => {
    for (const token of ['', 'x', 'a.b', 'a.b.c.d', 'a..c', 'a.b.c=', 'ä.b.c', '\0.b.c', '..', 'a.b.\n']) {
      expect(await refused(token)).toBe('401 token_malformed')
    }
    const long = await forge({}, { padding: 'x'.repeat(TOKEN_LENGTH_MAX) })
    expect(await refused(long)).toBe('401 token_malformed')
    expect(await refused('e30.e30.e30')).toBe('401 token_invalid')
    expect(await refused('AAAA.AAAA.AAAA')).toBe('401 token_invalid')
  })

  test('when it has run out, even if it was good a moment ago', async () => {
    const token = await signUserToken(createSigner(commodore, clock), user)
    expect(await refused(token)).toBe('accepted')
    later(USER_TOKEN_SECONDS - 1)
    expect(await refused(token)).toBe('accepted')
    later(1 + CLOCK_TOLERANCE_SECONDS)
    expect(await refused(token)).toBe('401 token_expired')
  })

  test('when its key was withdrawn, as soon as what was known of it is old', async () => {
    let known = keys
    const check = createVerifier({ keys: async () => known, service: 'sample', clock })
    const token = await sign(commodore, userClaims)
    await check(token)
    known = { keys: keys.keys.filter(({ kid }) => kid !== commodore.kid) }
    later(VERDICT_CACHE_MS / 1000 - 1)
    expect(await check(token)).toMatchObject({ kind: 'user' })
    later(1)
    await expect(check(token)).rejects.toMatchObject({ status: 401, reason: 'token_invalid' })
  })

  test('when it is not valid yet', async () => {
    const soon = Math.floor(now.getTime() / 1000) + CLOCK_TOLERANCE_SECONDS + 1
    expect(await refused(await forge({}, { nbf: soon }))).toBe('401 token_invalid')
  })

  test('when it is for another audience', async () => {
    expect(await refused(await sign(commodore, userClaims, 'elsewhere'))).toBe('401 token_audience')
    expect(await refused(await sign(decklog, { kind: 'service', sub: 'decklog' }, 'commodore'))).toBe(
      '401 token_audience',
    )
  })

  test('when its kind is not its issuer’s to give', async () => {
    expect(await refused(await sign(quartermaster, userClaims))).toBe('401 token_issuer')
    expect(await refused(await sign(commodore, { kind: 'node', ...node }))).toBe('401 token_issuer')
    expect(await refused(await sign(decklog, userClaims))).toBe('401 token_issuer')
    expect(await refused(await sign(decklog, { kind: 'service', sub: 'commodore' }, 'sample'))).toBe('401 token_issuer')
  })

  test('when its audience does not fit its kind', async () => {
    expect(await refused(await sign(commodore, userClaims, 'sample'))).toBe('401 token_issuer')
    expect(await refused(await sign(decklog, { kind: 'service', sub: 'decklog' }))).toBe('401 token_issuer')
  })

  test('when it is dated ahead of our clock', async () => {
    const soon = Math.floor(now.getTime() / 1000) + CLOCK_TOLERANCE_SECONDS
    expect(await refused(await forge({}, { iat: soon }))).toBe('accepted')
    expect(await refused(await forge({}, { iat: soon + 1 }))).toBe('401 token_invalid')
  })

  test('when it is for several audiences, also if we are one of them', async () => {
    const service = { kind: 'service', sub: 'decklog', iss: 'decklog' }
    for (const aud of [['sample'], ['sample', 'commodore'], ['frameworks', 'sample']]) {
      expect(await refused(await forge({}, { aud }))).toBe('401 token_issuer')
      const token = await forge({ kid: decklog.kid }, { ...service, aud }, [], decklog)
      expect(await refused(token)).toBe('401 token_issuer')
    }
  })

  test('when it brings its own key, or says where to fetch one', async () => {
    const stranger = await createKey('commodore')
    const url = 'http://127.0.0.1:1/jwks.json'
    for (const kid of [stranger.kid, commodore.kid, undefined]) {
      const header = { kid, jwk: toPublicKey(stranger), jku: url, x5u: url, x5c: ['AAAA'] }
      expect(await refused(await forge(header, {}, [], stranger))).toBe('401 token_invalid')
    }
  })

  test('when its key id is no name of a key of ours', async () => {
    const kids = [
      '',
      '.',
      'commodore.',
      '__proto__',
      'constructor',
      '../commodore',
      `${commodore.kid}\0`,
      "' or 1=1 --",
    ]
    for (const kid of kids) expect(await refused(await forge({ kid }, {}))).toBe('401 token_invalid')
  })

  test('when its header asks for what we do not know', async () => {
    const [, payload, signature] = (await forge({}, {})).split('.')
    for (const extra of [{ crit: ['x'], x: 1 }, { crit: ['b64'], b64: false }, { alg: 'ES384' }, { alg: ['ES256'] }]) {
      const header = btoa(JSON.stringify({ alg: 'ES256', kid: commodore.kid, ...extra }))
      expect(await refused(`${header.replaceAll('=', '')}.${payload}.${signature}`)).toBe('401 token_invalid')
    }
  })

  test('when its issuer is not the one that its key names', async () => {
    expect(await refused(await forge({}, { iss: 'quartermaster' }))).toBe('401 token_issuer')
    expect(await refused(await forge({ kid: quartermaster.kid }, {}))).toBe('401 token_invalid')
    expect(await refused(await forge({ kid: 'commodore.unknown' }, {}))).toBe('401 token_invalid')
  })

  test('when it names no key, since several could fit', async () => {
    expect(await refused(await forge({ kid: undefined }, {}))).toBe('401 token_invalid')
  })

  test('when a claim is missing or of the wrong type', async () => {
    for (const claim of ['iss', 'sub', 'iat', 'exp', 'jti']) {
      expect(await refused(await forge({}, {}, [claim]))).toBe('401 token_invalid')
    }
    expect(await refused(await forge({}, {}, ['aud']))).toBe('401 token_audience')
    for (const claim of ['kind', 'tenant_id', 'role', 'operator']) {
      expect(await refused(await forge({}, {}, [claim]))).toBe('401 token_claims')
    }
    expect(await refused(await forge({}, { role: 'root' }))).toBe('401 token_claims')
    expect(await refused(await forge({}, { operator: 'yes' }))).toBe('401 token_claims')
  })

  test('when it is not signed, or by HMAC with the public key', async () => {
    const [, payload] = (await forge({}, {})).split('.')
    const header = btoa(JSON.stringify({ alg: 'none', kid: commodore.kid })).replaceAll('=', '')
    expect(await refused(`${header}.${payload}.`)).toBe('401 token_malformed')
    expect(await refused(`${header}.${payload}.AAAA`)).toBe('401 token_invalid')
    const secret = new TextEncoder().encode(JSON.stringify(toPublicKey(commodore)))
    const claims = { ...userClaims, iss: 'commodore', aud: 'frameworks', jti: '1' }
    const hmac = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: commodore.kid }).setIssuedAt(now)
    expect(await refused(await hmac.setExpirationTime('1h').sign(secret))).toBe('401 token_invalid')
  })

  test('when a stranger signed it under our key’s name', async () => {
    const stranger = { ...(await createKey('commodore')), kid: commodore.kid }
    expect(await refused(await sign(stranger, userClaims))).toBe('401 token_invalid')
  })

  test('when any one character of it is changed', async () => {
    const token = await sign(commodore, userClaims)
    for (let at = 0; at < token.length; at += 7) {
      const other = token[at] === 'A' ? 'B' : 'A'
      // The last character carries padding bits that a decoder may ignore.
      if (token[at] === '.' || at === token.length - 1) continue
      expect(await refused(`${token.slice(0, at)}${other}${token.slice(at + 1)}`)).toMatch(/^401 token_/)
    }
  })
})

describe('with Commodore’s key set fetched', () => {
  const remote = (port: number) =>
    createVerifier({ keys: new URL(`http://127.0.0.1:${port}/jwks.json`), service: 'sample', clock })

  async function withServer(answer: () => Response, work: (port: number) => Promise<void>) {
    const listening = Promise.withResolvers<number>()
    const app = new Hono().get('/jwks.json', () => answer())
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
    try {
      await work(await listening.promise)
    } finally {
      await new Promise((resolve) => server.close(resolve))
    }
  }

  test('the set is fetched once for many tokens', async () => {
    let fetched = 0
    const answer = () => {
      fetched++
      return Response.json(keys)
    }
    await withServer(answer, async (port) => {
      const check = remote(port)
      for (const subject of ['a', 'b', 'c']) {
        const token = await sign(commodore, { kind: 'user', ...user, sub: subject })
        expect(await check(token)).toMatchObject({ user_id: subject })
      }
    })
    expect(fetched).toBe(1)
  })

  test('a set that cannot be had is our trouble and not the token’s', async () => {
    const token = await sign(commodore, userClaims)
    const fault = { status: 503, reason: 'keys_unavailable', retry: true }
    await expect(remote(await freePort())(token)).rejects.toMatchObject(fault)
    for (const answer of [
      () => new Response('no', { status: 500 }),
      () => new Response('<'),
      () => Response.json({}),
    ]) {
      await withServer(answer, async (port) => {
        await expect(remote(port)(token)).rejects.toMatchObject(fault)
      })
    }
  })
})
