import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { createVerdicts } from '../../../edge-workers/foghorn/play/verdicts.ts'
import { call } from '../../../shared/client/client.ts'
import { authorizePlayback, type CreatedStream } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import {
  PLAYBACK_REVOCATIONS_MAX,
  PlaybackRevocation,
  REVOCATIONS_TOLD_MAX,
  SIGNING_KEYS_TOLD_MAX,
  SigningKey,
  VIEWER_TOKEN_LENGTH_MAX,
  VIEWER_TOKEN_SECONDS_MAX,
} from '../../../shared/contract/playback.ts'
import { VIEWER_CLOCK_SECONDS } from '../../../shared/playback/viewer-token.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { createSigningKey, type SigningKeyPair, signViewerToken } from '../testing/viewer-tokens.ts'

let door: TestCommodore
let ann: Account
let bob: Account
let key: SigningKeyPair
let stream: z.infer<typeof CreatedStream>
let node: string

beforeAll(async () => {
  door = await openCommodore()
  const platform = await door.quartermaster.tenant('platform')
  node = (await door.quartermaster.cluster(platform, 'platform')).id
  ann = await door.account('ann')
  bob = await door.account('bob')
  key = await createSigningKey(door, ann)
  stream = await signedStream(ann)
})
afterAll(() => door[Symbol.asyncDispose]())

async function signedStream(account: Account) {
  const made = await door.stream(account)
  const body = { playback_policy: 'signed' }
  expect((await send(door, `PATCH /streams/${made.id}`, { token: account.token, body })).status).toBe(200)
  return made
}

const seconds = () => Math.floor(door.quartermaster.now().getTime() / 1000)
const good = (claims: Record<string, unknown> = {}) => ({
  playback_id: stream.playback_id,
  exp: seconds() + 60,
  ...claims,
})
const sign = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}, by = key) =>
  signViewerToken(by, good(claims), header)

/** What Commodore says; Foghorn, who was told its rules, must say the same. */
async function play(token: string | undefined, more: { protocol?: string; viewer_host?: string } = {}, of = stream) {
  const asked = { playback_id: of.playback_id, ...(token !== undefined && { token }), ...more }
  const answer = await call(door.clientOf('foghorn'), authorizePlayback, asked)
  const edge = createVerdicts(door.clientOf('foghorn'), door.quartermaster.now)
  expect(await edge.get(asked, { requestId: 'test', defer: () => undefined }), 'at the edge').toEqual(answer)
  return answer
}
const verdict = async (...asked: Parameters<typeof play>) => {
  const answer = await play(...asked)
  return answer.allowed ? 'allowed' : answer.reason
}

test('a good token opens its stream, and says until when', async () => {
  const token = await sign()
  const until = new Date((seconds() + 60) * 1000).toISOString()
  expect(await play(token)).toMatchObject({ allowed: true, stream_id: stream.id, viewer_until: until })
  expect(await verdict(await sign({ playback_id: undefined, stream_id: stream.id }))).toBe('allowed')
  expect(await verdict(await sign({ playback_id: stream.playback_id.toUpperCase(), stream_id: stream.id }))).toBe(
    'allowed',
  )
  const { data } = await receive(Page(SigningKey), send(door, 'GET /signing-keys', { token: ann.token }))
  expect(data[0]?.last_used_at).toBe(door.quartermaster.now().toISOString())
})

test('a public stream asks for none, whatever is sent', async () => {
  const open = await door.stream(ann)
  for (const token of [undefined, 'rubbish', await sign()]) expect(await verdict(token, {}, open)).toBe('allowed')
})

describe('a token is refused with its reason', () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = (header: object, signature = 'AAAA') =>
    `${part(header)}.${part(good({ sub: 'x', jti: 'x' }))}.${signature}`

  test('when it is not there, or is no token', async () => {
    expect(await verdict(undefined)).toBe('token_required')
    expect(await verdict('')).toBe('token_required')
    const token = await sign()
    const odd = ['x', 'a.b', `${token}=`, ` ${token}`, `${token}\n`, token.replace('.', '..'), 'e30.e30.e30']
    for (const text of [...odd, `${token}${'A'.repeat(VIEWER_TOKEN_LENGTH_MAX)}`]) {
      expect(await verdict(text), text.slice(0, 40)).toBe('token_malformed')
    }
  })

  test('when it is not signed by the key that it names', async () => {
    const stranger = await createSigningKey(door, bob)
    expect(await verdict(await sign({}, { kid: stranger.id }))).toBe('token_key_unknown')
    expect(await verdict(await sign({}, {}, stranger))).toBe('token_key_unknown')
    expect(await verdict(await sign({}, { kid: key.id }, stranger))).toBe('token_invalid')
    expect(await verdict(await sign({}, { kid: 'sgn_x' }))).toBe('token_malformed')
    expect(await verdict(await sign({}, { kid: undefined }))).toBe('token_malformed')
    const token = await sign()
    const [header, payload, signature = ''] = token.split('.')
    const swapped = `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    expect(await verdict(swapped)).toBe('token_invalid')
  })

  test('when its algorithm is another, or it brings a key of its own', async () => {
    const kid = key.id
    for (const header of [
      { alg: 'none', kid },
      { alg: 'HS256', kid },
      { alg: 'ES384', kid },
      { alg: 'ES256', kid, crit: ['x'] },
    ]) {
      expect(await verdict(forged(header))).toBe('token_invalid')
    }
    const secret = new TextEncoder().encode(JSON.stringify(key.public_jwk))
    expect(
      await verdict(
        await new SignJWT(good({ sub: 'x', jti: 'x' })).setProtectedHeader({ alg: 'HS256', kid }).sign(secret),
      ),
    ).toBe('token_invalid')
    const stranger = await createSigningKey(door, bob)
    expect(await verdict(await sign({}, { kid, jwk: stranger.public_jwk }, stranger))).toBe('token_invalid')
  })

  test('when it has run out, or is for later', async () => {
    expect(await verdict(await sign({ exp: seconds() - VIEWER_CLOCK_SECONDS }))).toBe('token_expired')
    expect(await verdict(await sign({ nbf: seconds() + VIEWER_CLOCK_SECONDS + 1 }))).toBe('token_not_yet_valid')
  })

  test('when it would live too long', async () => {
    const longest = VIEWER_TOKEN_SECONDS_MAX + VIEWER_CLOCK_SECONDS
    expect(await verdict(await sign({ exp: seconds() + longest }))).toBe('allowed')
    expect(await verdict(await sign({ exp: seconds() + longest + 1 }))).toBe('token_lives_too_long')
  })

  test('when a claim is missing or of the wrong kind', async () => {
    for (const claims of [
      { exp: undefined },
      { sub: undefined },
      { sub: '' },
      { jti: undefined },
      { playback_id: undefined },
      { playback_id: 7 },
      { protocols: [] },
      { protocols: 'hls' },
      { address: 'everywhere' },
    ]) {
      expect(await verdict(await sign(claims)), JSON.stringify(claims)).toBe('token_invalid')
    }
  })

  test('when it is for another stream', async () => {
    const other = await signedStream(ann)
    expect(await verdict(await sign({ playback_id: other.playback_id }))).toBe('token_wrong_stream')
    expect(await verdict(await sign({ stream_id: other.id }))).toBe('token_wrong_stream')
    expect(await verdict(await sign(), {}, other)).toBe('token_wrong_stream')
  })

  test('when it is bound to other protocols', async () => {
    const token = await sign({ protocols: ['hls', 'whep', 'dash'] })
    for (const protocol of ['hls', 'HLS', 'whep', 'WebRTC', 'CMAF']) {
      expect(await verdict(token, { protocol }), protocol).toBe('allowed')
    }
    for (const protocol of ['MP4', 'HTTP', 'TSSRT', 'constructor', '']) {
      expect(await verdict(token, { protocol }), protocol).toBe('token_wrong_protocol')
    }
    expect(await verdict(token)).toBe('token_wrong_protocol')
    const sockets = await sign({ protocols: ['wswebrtc', 'wsmp4', 'smooth'] })
    for (const output of ['WebRTC', 'MP4', 'CMAF']) {
      expect(await verdict(sockets, { protocol: output }), output).toBe('allowed')
    }
  })

  test.each([
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.0/24', '192.0.2.7', true],
    ['192.0.2.0/24', '::ffff:192.0.2.7', true],
    ['2001:db8::/32', '2001:db8::1', true],
    ['192.0.2.0/24', '192.0.3.7', false],
    ['2001:db8::/32', '192.0.2.7', false],
    ['192.0.2.7', 'viewer.example', false],
    ['0.0.0.0/0', '', false],
  ])('or not, bound to the address %s and coming from %s', async (address, viewer_host, allowed) => {
    expect(await verdict(await sign({ address }), { viewer_host })).toBe(allowed ? 'allowed' : 'token_wrong_address')
  })
})

test('a media host that starts a stream needs no viewer’s token, nor does Foghorn whom it asks', async () => {
  const ask = (client: ReturnType<TestCommodore['clientOf']>) =>
    call(client, authorizePlayback, { runtime_name: `live+${stream.internal_name}`, purpose: 'source' })
  const host = { ...door.clientOf('foghorn'), token: () => door.quartermaster.identities.node(node) }
  expect(await ask(host)).toMatchObject({ allowed: true })
  expect(await ask(door.clientOf('foghorn'))).toMatchObject({ allowed: true })
  await expect(ask(door.clientOf('decklog'))).rejects.toMatchObject({ reason: 'commodore_refused' })
})

describe('the rules by which Foghorn judges', () => {
  const rules = (of = stream) =>
    call(door.clientOf('foghorn'), authorizePlayback, { playback_id: of.playback_id, purpose: 'rules' })

  test('are a public stream’s none', async () => {
    const open = await door.stream(ann)
    expect(await rules(open)).toMatchObject({ allowed: true, stream_id: open.id })
    expect(await rules(open)).not.toHaveProperty('viewer_rules')
  })

  test('are told to Foghorn alone', async () => {
    const asked = { playback_id: stream.playback_id, purpose: 'rules' }
    const token = await door.quartermaster.identities.node(node)
    expect(await refusal(send(door, 'POST /playback/authorize', { token, body: asked }))).toBe('403 forbidden')
  })

  test('name every good key and those revoked last, and what holds for this stream', async () => {
    const eve = await door.account('eve')
    const [here, there] = [await signedStream(eve), await signedStream(eve)]
    await door.owner.query(
      `insert into commodore.signing_keys (id, tenant_id, name, public_jwk, created_at, revoked_at)
       select 'sgn_00000000-0000-7000-8000-' || lpad(n::text, 12, '0'), $1, 'old', '{"x":"x","y":"y"}', now(),
         now() - n * interval '1 day' from generate_series(1, $2::int) n`,
      [eve.tenant_id, SIGNING_KEYS_TOLD_MAX],
    )
    const good = await createSigningKey(door, eve)
    const revoke = (body: object) => send(door, 'POST /playback-revocations', { token: eve.token, body })
    await revoke({ kind: 'viewer', subject: 'guest', stream_id: here.id })
    await revoke({ kind: 'viewer', subject: 'guest', stream_id: there.id, expires_in_seconds: 30 })
    await revoke({ kind: 'token', subject: 'leaked' })
    const answer = await rules(there)
    const { keys = [], revocations } = (answer.allowed && answer.viewer_rules) || {}
    expect(keys[0]).toEqual({ id: good.id, x: good.public_jwk.x, y: good.public_jwk.y, revoked: false })
    expect(keys).toHaveLength(SIGNING_KEYS_TOLD_MAX)
    expect(keys.at(-1)?.id).toBe(`sgn_00000000-0000-7000-8000-${String(SIGNING_KEYS_TOLD_MAX - 1).padStart(12, '0')}`)
    const guest = { kind: 'viewer', subject: 'guest' }
    const leaked = { kind: 'token', subject: 'leaked' }
    expect(revocations?.toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([leaked, guest])
    door.quartermaster.pass(30)
    expect(await rules(there)).toMatchObject({ viewer_rules: { revocations: [leaked] } })
  })

  test('say when there is too much to tell, and then each token is asked about', async () => {
    const dan = await door.account('dan')
    const [own, signer] = [await signedStream(dan), await createSigningKey(door, dan)]
    await door.owner.query(
      `insert into commodore.playback_revocations (id, tenant_id, kind, subject, created_at)
       select 'rev_d' || n, $1, 'token', n::text, now() from generate_series(1, $2::int) n`,
      [dan.tenant_id, REVOCATIONS_TOLD_MAX],
    )
    expect(await rules(own)).toMatchObject({ viewer_rules: { revocations: { length: REVOCATIONS_TOLD_MAX } } })
    await send(door, 'POST /playback-revocations', { token: dan.token, body: { kind: 'viewer', subject: 'banned' } })
    expect(await rules(own)).toMatchObject({ viewer_rules: { revocations: null } })
    const token = (claims: object) => sign({ playback_id: own.playback_id, ...claims }, {}, signer)
    expect(await verdict(await token({ sub: 'banned' }), {}, own)).toBe('viewer_revoked')
    expect(await verdict(await token({ jti: '7' }), {}, own)).toBe('token_revoked')
    expect(await verdict(await token({}), {}, own)).toBe('allowed')
  })
})

describe('revocation', () => {
  const revoke = (body: object, account = ann) =>
    send(door, 'POST /playback-revocations', { token: account.token, body })
  const made = (body: object) => receive(PlaybackRevocation, revoke(body))
  const list = (search = '') =>
    receive(Page(PlaybackRevocation), send(door, `GET /playback-revocations${search}`, { token: ann.token }))

  test.each([
    ['viewer', 'viewer_revoked', { sub: 'banned' }, 'banned'],
    ['token', 'token_revoked', { jti: 'leaked' }, 'leaked'],
  ])('of a %s turns it away until it is taken back', async (kind, reason, claims, subject) => {
    const token = await sign(claims)
    expect(await verdict(token)).toBe('allowed')
    const { id } = await made({ kind, subject })
    expect(await verdict(token)).toBe(reason)
    expect(await verdict(await sign())).toBe('allowed')
    expect((await list(`?kind=${kind}&subject=${subject}`)).data).toMatchObject([{ id, kind, subject }])
    const remove = () => send(door, `DELETE /playback-revocations/${id}`, { token: ann.token })
    expect((await remove()).status).toBe(204)
    expect(await refusal(remove())).toBe('404 playback_revocation_not_found')
    expect(await verdict(token)).toBe('allowed')
  })

  test('of a key turns all its tokens away, in either way', async () => {
    const own = await createSigningKey(door, ann)
    const token = await sign({}, {}, own)
    const { id } = await made({ kind: 'key', subject: own.id })
    expect(await verdict(token)).toBe('key_revoked')
    await send(door, `DELETE /playback-revocations/${id}`, { token: ann.token })
    expect(await verdict(token)).toBe('allowed')
    await send(door, `DELETE /signing-keys/${own.id}`, { token: ann.token })
    expect(await verdict(token)).toBe('key_revoked')
  })

  test('of a viewer can be for one stream alone, and for a time', async () => {
    const other = await signedStream(ann)
    const here = await sign({ sub: 'guest' })
    const there = await sign({ sub: 'guest', playback_id: other.playback_id })
    await made({ kind: 'viewer', subject: 'guest', stream_id: other.id, expires_in_seconds: 30 })
    expect([await verdict(here), await verdict(there, {}, other)]).toEqual(['allowed', 'viewer_revoked'])
    door.quartermaster.pass(30)
    expect(await verdict(there, {}, other)).toBe('allowed')
    expect((await list('?subject=guest')).data).toEqual([])
  })

  test('said by many at once is one revocation with the last end', async () => {
    const body = { kind: 'viewer', subject: 'twice' }
    const all = await Promise.all(Array.from({ length: 8 }, () => made(body)))
    expect(new Set(all.map(({ id }) => id)).size).toBe(1)
    const again = await made({ ...body, expires_in_seconds: 60 })
    expect(again.expires_at).not.toBeNull()
  })

  test('of a token ends when no token can live any longer', async () => {
    const { expires_at } = await made({ kind: 'token', subject: 'short' })
    expect(expires_at).toBe(
      new Date(door.quartermaster.now().getTime() + VIEWER_TOKEN_SECONDS_MAX * 1000).toISOString(),
    )
  })

  test('touches nobody else’s viewers, and names one’s own streams alone', async () => {
    await receive(PlaybackRevocation, revoke({ kind: 'viewer', subject: 'viewer-1' }, bob))
    expect(await verdict(await sign())).toBe('allowed')
    const body = { kind: 'viewer', subject: 'x', stream_id: stream.id }
    expect(await refusal(revoke(body, bob))).toBe('404 stream_not_found')
    expect(await refusal(revoke({ kind: 'token', subject: 'x', stream_id: stream.id }))).toBe('400 invalid_input')
  })

  test('is bounded', async () => {
    const cat = await door.account('cat')
    await door.owner.query(
      `insert into commodore.playback_revocations (id, tenant_id, kind, subject, created_at)
       select 'rev_' || n, $1, 'token', n::text, now() from generate_series(2, $2::int) n`,
      [cat.tenant_id, PLAYBACK_REVOCATIONS_MAX],
    )
    const more = ['a', 'b', 'c'].map((subject) => refusal(revoke({ kind: 'viewer', subject }, cat)))
    expect((await Promise.all(more)).toSorted()).toEqual([
      '201',
      '409 too_many_playback_revocations',
      '409 too_many_playback_revocations',
    ])
  })
})
