import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../shared/clock.ts'
import { createServiceTokens, createSigner } from '../../../shared/identity/signer.ts'
import { createIdentities, type Identities } from '../../../shared/testing/identities.ts'
import { type CommodoreDoor, startCommodore } from '../../../stacks/local/edge/testing/control-plane.ts'
import {
  ALLOWED_FRESH_MS,
  ALLOWED_STALE_MAX_MS,
  type Asked,
  COMMODORE_PAUSE_MS,
  createVerdicts,
  DENIED_FRESH_MS,
  type Verdict,
} from './verdicts.ts'

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
  return (playback_id: string, viewer: Omit<Asked, 'playback_id'> = {}) =>
    verdicts.get({ playback_id, ...viewer }, { requestId: 'test', defer: () => undefined })
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

test('a verdict on one token is used for no other token, protocol or address, nor without one', async () => {
  const get = openVerdicts()
  const viewer = { token: 'aa.bb.cc', protocol: 'hls', viewer_host: '192.0.2.1' }
  const others = [
    {},
    { ...viewer, token: 'dd.ee.ff' },
    { ...viewer, protocol: 'mp4' },
    { ...viewer, viewer_host: '192.0.2.2' },
  ]
  expect(await get('good', viewer)).toEqual(allowed)
  expect(await get('good', viewer)).toEqual(allowed)
  expect(commodore.asked).toHaveLength(1)
  commodore.verdicts.set('good', denied)
  for (const other of others) expect(await get('good', other)).toEqual(denied)
  expect(await get('good', viewer)).toEqual(allowed)
  commodore.verdicts.set('good', allowed)
  for (const other of others) expect(await get('good', other)).toEqual(denied)
  expect(commodore.asked).toHaveLength(1 + others.length)
})

test('a permission ends with the token, even while Commodore is away', async () => {
  const get = openVerdicts()
  const until_ms = now_ms + ALLOWED_FRESH_MS / 2
  commodore.verdicts.set('good', { ...allowed, viewer_until: new Date(until_ms).toISOString() })
  await get('good', { token: 'aa.bb.cc' })
  await commodore.down()
  now_ms = until_ms - 1
  expect(await get('good', { token: 'aa.bb.cc' })).toMatchObject({ allowed: true })
  now_ms = until_ms
  await expect(get('good', { token: 'aa.bb.cc' })).rejects.toMatchObject({ retry: true })
})
