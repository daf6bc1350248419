import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlayAnswer } from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { createTenantKey, signViewerToken, type TenantKeyPair } from '../../../shared/testing/viewer-tokens.ts'
import { type Answer, addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'

/** Decisions are told after the answer, in batches. */
const EVENTUALLY = { timeout: 10_000 }

let foghorn: Foghorn
let key: TenantKeyPair
beforeAll(async () => {
  foghorn = await startFoghorn()
  key = await createTenantKey()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

async function refusal(answer: Answer): Promise<string> {
  const { status, code } = Problem.parse(await answer.json())
  return `${status} ${code}`
}

/** A stream on the air that only who has a token may play. */
async function addSignedStream(host: string) {
  const stream = addStream(foghorn)
  const { verdicts } = foghorn.commodore
  const verdict = verdicts.get(stream.playbackId)
  if (!verdict?.allowed) throw new Error('the stream is not there')
  const { id, x, y } = key
  verdicts.set(stream.playbackId, {
    ...verdict,
    viewer_rules: { keys: [{ id, x, y, revoked: false }], revocations: [{ kind: 'viewer', subject: 'banned' }] },
  })
  await foghorn.beat({ clusterId: stream.clusterId }, { host, ...stream.onAir })
  const token = (claims: object = {}) =>
    signViewerToken(key, { playback_id: stream.playbackId, exp: Math.floor(Date.now() / 1000) + 60, ...claims })
  return { ...stream, token }
}

test('viewers’ tokens are judged at the edge, and reach the host as the token of the session', async () => {
  const { playbackId, token } = await addSignedStream('edge8.example')
  const tokens = await Promise.all(Array.from({ length: 20 }, () => token()))
  const answers = await Promise.all(tokens.map((each) => foghorn.get(`/play/${playbackId}/mp4?a=1&token=${each}`)))
  expect(answers.map(({ headers }) => headers.get('location'))).toEqual(
    tokens.map((each) => `http://edge8.example:8080/${playbackId}.mp4?a=1&tkn=${each}`),
  )
  const requests = foghorn.commodore.requests.filter(({ playback_id }) => playback_id === playbackId)
  expect(requests).toEqual([{ playback_id: playbackId, purpose: 'rules' }])
})

test('who may not play hears why, and lets no other viewer be denied', async () => {
  const { playbackId, token } = await addSignedStream('edge9.example')
  const play = async (each: string) => refusal(await foghorn.get(`/play/${playbackId}?token=${each}`))
  expect(await refusal(await foghorn.get(`/play/${playbackId}`))).toBe('403 token_required')
  expect(await play('aa.bb.cc')).toBe('403 token_malformed')
  expect(await play(await token({ sub: 'banned' }))).toBe('403 viewer_revoked')
  expect(await play(await token({ exp: 1 }))).toBe('403 token_expired')
  expect(await play(await token({ protocols: ['whep'] }))).toBe('403 token_wrong_protocol')
  expect((await foghorn.get(`/play/${playbackId}?token=${await token()}`)).status).toBe(307)
  await expect
    .poll(() => foghorn.decklog.events().map(({ data }) => [data.outcome, data.reason_code]), EVENTUALLY)
    .toContainEqual(['denied', 'token_expired'])
})

test('only what everybody may play is played from a host that must first pull it, as hosts pull without a token', async () => {
  const signed = await addSignedStream('edge8.example')
  const open = addStream(foghorn)
  await foghorn.beat({ clusterId: open.clusterId }, { host: 'edge8.example', ...open.onAir })
  for (const { clusterId } of [signed, open]) await foghorn.beat({ clusterId }, { host: 'cold.example' })
  const hosts = async (path: string) => {
    const answer = await foghorn.get(path, { headers: { accept: 'application/json' } })
    return PlayAnswer.parse(await answer.json()).candidates.map(({ host }) => host)
  }
  const signedPath = `/play/${signed.playbackId}?token=${await signed.token()}`
  expect(await hosts(signedPath)).toEqual(['edge8.example'])
  expect((await hosts(`/play/${open.playbackId}`)).sort()).toEqual(['cold.example', 'edge8.example'])
})

test('a public stream asks for no token, whatever is sent', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'edge7.example', ...onAir })
  const answer = await foghorn.get(`/play/${playbackId}?token=aa.bb.cc`)
  expect(answer.headers.get('location')).toBe(`http://edge7.example:8080/hls/${playbackId}/index.m3u8?tkn=aa.bb.cc`)
})
