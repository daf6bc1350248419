import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { systemClock } from '../../../shared/clock.ts'
import type { ViewerRules as ViewerRulesSchema } from '../../../shared/contract/playback.ts'
import { createServiceTokens, createSigner } from '../../../shared/identity/signer.ts'
import { VIEWER_CLOCK_SECONDS } from '../../../shared/playback/viewer-token.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'
import { createTenantKey, signViewerToken, type TenantKeyPair } from '../../../shared/testing/viewer-tokens.ts'
import { type CommodoreDoor, startCommodore } from '../../../stacks/local/edge/testing/control-plane.ts'
import { ALLOWED_STALE_MAX_MS, COMMODORE_PAUSE_MS, type Verdict } from './answers.ts'
import { ALLOWED_FRESH_MS, type Asked, createVerdicts, DENIED_FRESH_MS, RULES_FRESH_MS } from './verdicts.ts'

type ViewerRules = z.infer<typeof ViewerRulesSchema>

let identities: Identities
let commodore: CommodoreDoor
let now_ms = 0

beforeAll(async () => {
  identities = await createIdentities(systemClock)
  commodore = await startCommodore(identities)
})
afterAll(() => commodore.down())
beforeEach(async () => {
  await commodore.up()
  commodore.asked.length = 0
  commodore.requests.length = 0
  commodore.verdicts.set('good', allowed)
  commodore.verdicts.set('bad', denied)
})

const allowed: Verdict = {
  allowed: true,
  tenant_id: 'ten_00000000-0000-7000-8000-000000000001',
  stream_id: 'str_00000000-0000-7000-8000-000000000001',
  playback_id: 'good',
  internal_name: 'inside',
  runtime_name: 'live+inside',
  cluster_ids: [],
}
const denied: Verdict = { allowed: false, reason: 'tenant_suspended' }

/** A fresh cache that asks the real door, on a clock that the test turns. */
function openVerdicts() {
  const token = createServiceTokens(createSigner(identities.keyOf('foghorn'), systemClock), 'commodore', systemClock)
  const verdicts = createVerdicts(
    { service: 'commodore', baseUrl: new URL(commodore.url), token },
    () => new Date(now_ms),
  )
  return (asked: string | Asked, viewer: Asked = {}) =>
    verdicts.get(
      { ...(typeof asked === 'string' ? { playback_id: asked } : asked), ...viewer },
      { requestId: 'test', defer: () => undefined },
    )
}

test.each([
  ['a permission', 'good', allowed, ALLOWED_FRESH_MS],
  ['a denial', 'bad', denied, DENIED_FRESH_MS],
])('%s is asked for again once its time is over, and not before', async (_, playbackId, verdict, fresh_ms) => {
  const get = openVerdicts()
  expect(await get(playbackId)).toEqual(verdict)
  now_ms += fresh_ms - 1
  expect(await get(playbackId)).toEqual(verdict)
  expect(commodore.asked).toHaveLength(1)
  now_ms += 1
  await get(playbackId)
  expect(commodore.asked).toHaveLength(2)
})

test('a withdrawn permission ends with its time', async () => {
  const get = openVerdicts()
  expect(await get('good')).toEqual(allowed)
  commodore.verdicts.set('good', denied)
  now_ms += ALLOWED_FRESH_MS
  expect(await get('good')).toEqual(denied)
})

test('while Commodore is away a permission holds for its bound, and not a millisecond longer', async () => {
  const get = openVerdicts()
  await get('good')
  await commodore.down()
  now_ms += ALLOWED_STALE_MAX_MS - 1
  expect(await get('good')).toEqual(allowed)
  now_ms += 1
  await expect(get('good')).rejects.toMatchObject({ reason: 'commodore_unreachable', retry: true })
})

test('while Commodore is away a denial does not hold', async () => {
  const get = openVerdicts()
  await get('bad')
  await commodore.down()
  now_ms += DENIED_FRESH_MS
  await expect(get('bad')).rejects.toMatchObject({ kind: 'unavailable' })
})

test('after a failure Commodore is left alone for a while by those who can do without', async () => {
  const get = openVerdicts()
  await get('good')
  await commodore.down()
  now_ms += ALLOWED_FRESH_MS
  await get('good')
  await commodore.up()
  now_ms += COMMODORE_PAUSE_MS - 1
  await get('good')
  expect(commodore.asked).toHaveLength(1)
  now_ms += 1
  await get('good')
  expect(commodore.asked).toHaveLength(2)
})

test('a media host asks for itself, by the name that it has', async () => {
  commodore.verdicts.set('live+inside', allowed)
  const get = openVerdicts()
  for (let time = 0; time < 2; time++) expect(await get({ runtime_name: 'live+inside', source: true })).toEqual(allowed)
  expect(commodore.requests).toEqual([{ runtime_name: 'live+inside', purpose: 'source' }])
})

describe('of a signed stream', () => {
  const rulesWith = (rules: Partial<ViewerRules>) => ({
    ...allowed,
    viewer_rules: { keys: [toRule(key)], revocations: [], ...rules },
  })
  const toRule = ({ id, x, y }: TenantKeyPair, revoked = false) => ({ id, x, y, revoked })
  const token = (claims: object = {}, by = key) =>
    signViewerToken(by, { playback_id: 'good', exp: Math.floor(now_ms / 1000) + 3600, ...claims })
  const reason = async (asking: Promise<Verdict>) => {
    const verdict = await asking
    return verdict.allowed ? 'allowed' : verdict.reason
  }
  let key: TenantKeyPair
  beforeAll(async () => {
    key = await createTenantKey()
  })
  beforeEach(() => commodore.verdicts.set('good', rulesWith({})))

  test('a thousand viewers’ tokens cost one question, which holds none of them', async () => {
    const get = openVerdicts()
    const tokens = await Promise.all(Array.from({ length: 1000 }, (_, viewer) => token({ sub: `viewer-${viewer}` })))
    const verdicts = await Promise.all(tokens.map((each) => reason(get('good', { token: each }))))
    expect(new Set(verdicts)).toEqual(new Set(['allowed']))
    expect(commodore.requests).toEqual([{ playback_id: 'good', purpose: 'rules' }])
  })

  test('what a viewer lacks is said without asking', async () => {
    const get = openVerdicts()
    const stranger = await createTenantKey()
    expect(await reason(get('good'))).toBe('token_required')
    expect(await reason(get('good', { token: 'rubbish' }))).toBe('token_malformed')
    expect(await reason(get('good', { token: await token({}, { ...stranger, id: key.id }) }))).toBe('token_invalid')
    expect(await reason(get('good', { token: await token({ playback_id: 'other' }) }))).toBe('token_wrong_stream')
    const bound = await token({ protocols: ['hls'], address: '192.0.2.0/24' })
    expect(await reason(get('good', { token: bound, protocol: 'mp4' }))).toBe('token_wrong_protocol')
    expect(await reason(get('good', { token: bound, protocol: 'hls' }))).toBe('token_wrong_address')
    expect(await reason(get('good', { token: bound, protocol: 'hls', viewer_host: '192.0.2.9' }))).toBe('allowed')
    expect(commodore.asked).toHaveLength(1)
  })

  test('a media host needs no token, and learns no rules', async () => {
    const get = openVerdicts()
    expect(await get({ playback_id: 'good', source: true })).toEqual(allowed)
  })

  test('who is turned away goes on no longer than the rules are fresh', async () => {
    const get = openVerdicts()
    const asked = { token: await token({ sub: 'banned', jti: 'leaked' }) }
    const revocations = [
      { kind: 'viewer' as const, subject: 'banned', says: 'viewer_revoked' },
      { kind: 'token' as const, subject: 'leaked', says: 'token_revoked' },
      { kind: 'key' as const, subject: key.id, says: 'key_revoked' },
    ]
    for (const { says, ...revocation } of revocations) {
      commodore.verdicts.set('good', rulesWith({}))
      now_ms += RULES_FRESH_MS
      expect(await reason(get('good', asked))).toBe('allowed')
      commodore.verdicts.set('good', rulesWith({ revocations: [revocation] }))
      now_ms += RULES_FRESH_MS - 1
      expect(await reason(get('good', asked))).toBe('allowed')
      now_ms += 1
      expect(await reason(get('good', asked))).toBe(says)
    }
    commodore.verdicts.set('good', rulesWith({ keys: [toRule(key, true)] }))
    now_ms += RULES_FRESH_MS
    expect(await reason(get('good', asked))).toBe('key_revoked')
  })

  test('who is let in again, or signs with a new key, does not wait that long', async () => {
    const get = openVerdicts()
    const fresh = await createTenantKey()
    commodore.verdicts.set('good', rulesWith({ revocations: [{ kind: 'viewer', subject: 'viewer-1' }] }))
    const [old, young] = [await token(), await token({}, fresh)]
    expect(await reason(get('good', { token: old }))).toBe('viewer_revoked')
    commodore.verdicts.set('good', rulesWith({ keys: [toRule(fresh), toRule(key)] }))
    now_ms += DENIED_FRESH_MS - 1
    expect(await reason(get('good', { token: young }))).toBe('token_key_unknown')
    expect(commodore.asked).toHaveLength(1)
    now_ms += 1
    expect(await reason(get('good', { token: young }))).toBe('allowed')
    expect(await reason(get('good', { token: old }))).toBe('allowed')
    expect(commodore.asked).toHaveLength(2)
  })

  test('a good token that was seen before runs out to the second', async () => {
    const get = openVerdicts()
    const ends = Math.floor(now_ms / 1000) + 3
    const asked = { token: await token({ exp: ends }) }
    const until = new Date(ends * 1000).toISOString()
    expect(await get('good', asked)).toEqual({ ...allowed, viewer_until: until })
    now_ms = (ends + VIEWER_CLOCK_SECONDS) * 1000 - 1
    expect(await reason(get('good', asked))).toBe('allowed')
    now_ms += 1
    expect(await reason(get('good', asked))).toBe('token_expired')
  })

  test('while Commodore is away viewers are judged by its last word, for its bound', async () => {
    const get = openVerdicts()
    expect(await reason(get('good', { token: await token() }))).toBe('allowed')
    await commodore.down()
    now_ms += ALLOWED_STALE_MAX_MS - 1
    expect(await reason(get('good', { token: await token({ jti: 'new' }) }))).toBe('allowed')
    expect(await reason(get('good', { token: 'rubbish' }))).toBe('token_malformed')
    now_ms += 1
    await expect(get('good', { token: await token() })).rejects.toMatchObject({ reason: 'commodore_unreachable' })
  })

  test('while Commodore is away nobody is turned away by what may have changed', async () => {
    const get = openVerdicts()
    const [unknown, revoked] = [await token({}, await createTenantKey()), await token()]
    commodore.verdicts.set('good', rulesWith({ revocations: [{ kind: 'viewer', subject: 'viewer-1' }] }))
    for (const each of [unknown, revoked]) expect(await reason(get('good', { token: each }))).not.toBe('allowed')
    await commodore.down()
    now_ms += DENIED_FRESH_MS
    for (const each of [unknown, revoked]) {
      await expect(get('good', { token: each })).rejects.toMatchObject({ kind: 'unavailable', retry: true })
    }
  })

  describe('that has more revocations than are told', () => {
    beforeEach(() => commodore.verdicts.set('good', rulesWith({ revocations: null })))

    test('Commodore is asked about each good token, protocol and address, and about no other', async () => {
      const get = openVerdicts()
      const viewer = { token: await token(), protocol: 'hls', viewer_host: '192.0.2.1' }
      const others = [
        { ...viewer, token: await token({ jti: 'other' }) },
        { ...viewer, protocol: 'mp4' },
        { ...viewer, viewer_host: '192.0.2.2' },
      ]
      expect(await reason(get('good', { ...viewer, token: 'rubbish' }))).toBe('token_malformed')
      expect(await reason(get('good', viewer))).toBe('allowed')
      expect(commodore.asked).toHaveLength(2)
      expect(await reason(get('good', viewer))).toBe('allowed')
      expect(commodore.asked).toHaveLength(2)
      commodore.verdicts.set('good', denied)
      for (const other of others) expect(await get('good', other)).toEqual(denied)
      expect(await reason(get('good', viewer))).toBe('allowed')
      expect(commodore.asked).toHaveLength(2 + others.length)
    })

    test('its permission ends with the token, even while Commodore is away', async () => {
      const get = openVerdicts()
      const ends = Math.floor(now_ms / 1000) + 3
      const asked = { token: await token({ exp: ends }) }
      commodore.verdicts.set('good', {
        ...rulesWith({ revocations: null }),
        viewer_until: new Date(ends * 1000).toISOString(),
      })
      expect(await reason(get('good', asked))).toBe('allowed')
      await commodore.down()
      now_ms = ends * 1000 - 1
      expect(await reason(get('good', asked))).toBe('allowed')
      now_ms = ends * 1000
      await expect(get('good', asked)).rejects.toMatchObject({ retry: true })
    })
  })
})
