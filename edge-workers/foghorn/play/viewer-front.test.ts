import { expect, test } from 'vitest'
import { PlayAnswer } from '../../../shared/contract/foghorn.ts'
import { createTenantKey, signViewerToken } from '../../../shared/testing/viewer-tokens.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'

const boston = { latitude: '42.36', longitude: '-71.06' }
const ADDRESS = '192.0.2.9'

/** Every word about a viewer that anybody may write: each front believes one of them. */
const headers = {
  'cf-connecting-ip': ADDRESS,
  'x-forwarded-for': ADDRESS,
  'x-real-ip': ADDRESS,
  'true-client-ip': ADDRESS,
  forwarded: `for=${ADDRESS}`,
  'x-latitude': boston.latitude,
  'x-longitude': boston.longitude,
  'cf-iplatitude': boston.latitude,
  'cf-iplongitude': boston.longitude,
}

/** Whether `more` of a request opens a stream that only `ADDRESS` may play, and how far it seems to come from. */
async function knocking(foghorn: Foghorn) {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const key = await createTenantKey()
  const verdict = foghorn.commodore.verdicts.get(playbackId)
  if (!verdict?.allowed) throw new Error('the stream is not there')
  const keys = [{ id: key.id, x: key.x, y: key.y, revoked: false }]
  foghorn.commodore.verdicts.set(playbackId, { ...verdict, viewer_rules: { keys, revocations: [] } })
  await foghorn.beat({ clusterId }, { location: { latitude: 42.36, longitude: -71.06 }, ...onAir })
  const exp = Math.floor(Date.now() / 1000) + 60
  const bound = await signViewerToken(key, { playback_id: playbackId, exp, address: ADDRESS })
  const free = await signViewerToken(key, { playback_id: playbackId, exp })
  return async (more: { headers?: Record<string, string>; cf?: Record<string, unknown> }) => {
    const told = { ...more, headers: { accept: 'application/json', ...more.headers } }
    const { status } = await foghorn.get(`/play/${playbackId}?token=${bound}`, told)
    const answer = await foghorn.get(`/play/${playbackId}?token=${free}`, told)
    const { candidates } = PlayAnswer.parse(await answer.json())
    return { allowed: status === 200, distance_km: candidates[0]?.distance_km ?? null }
  }
}

const unknown = { allowed: false, distance_km: null }

test('without a front nobody is believed about address or place', async () => {
  await using foghorn = await startFoghorn({ bindings: { TRUSTED_PROXIES: '0' } })
  const knock = await knocking(foghorn)
  expect(await knock({ headers, cf: boston })).toEqual(unknown)
})

test('behind a proxy of ours its own word counts, and nothing that the caller wrote before it', async () => {
  await using foghorn = await startFoghorn({ bindings: { TRUSTED_PROXIES: '1' } })
  const knock = await knocking(foghorn)
  expect(await knock({ headers })).toEqual({ allowed: true, distance_km: 0 })
  expect(await knock({ headers: { 'x-forwarded-for': `198.51.100.1, ${ADDRESS}` } })).toMatchObject({ allowed: true })
  expect(await knock({ headers: { 'x-forwarded-for': `${ADDRESS}, 198.51.100.1` } })).toEqual(unknown)
  const { 'x-forwarded-for': _, 'x-latitude': __, ...others } = headers
  expect(await knock({ headers: others, cf: boston })).toEqual(unknown)
})

test('behind Cloudflare it alone is believed', async () => {
  await using foghorn = await startFoghorn({ bindings: { TRUSTED_PROXIES: 'cloudflare' } })
  const knock = await knocking(foghorn)
  expect(await knock({ headers: { 'cf-connecting-ip': ADDRESS }, cf: boston })).toEqual({
    allowed: true,
    distance_km: 0,
  })
  const { 'cf-connecting-ip': _, ...others } = headers
  expect(await knock({ headers: others })).toEqual(unknown)
})
