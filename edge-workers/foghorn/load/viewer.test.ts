import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { type Answer, addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'

/** Decisions are told after the answer, in batches. */
const EVENTUALLY = { timeout: 10_000 }
const AMSTERDAM = { latitude: 52.37, longitude: 4.9 }
const NEW_YORK = { latitude: 40.7, longitude: -74 }

let foghorn: Foghorn
/** The same behind a front that it trusts. */
let fronted: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
  fronted = await startFoghorn({ TRUSTED_PROXIES: '1' })
})
afterAll(async () => {
  await foghorn[Symbol.asyncDispose]()
  await fronted[Symbol.asyncDispose]()
})

async function refusal(answer: Answer): Promise<string> {
  const { status, code } = Problem.parse(await answer.json())
  return `${status} ${code}`
}

/** A live stream on a host in each of two places. */
async function addTwoPlaces(on = foghorn) {
  const stream = addStream(on)
  const { clusterId, onAir } = stream
  await on.beat({ clusterId }, { host: 'ams.example', location: AMSTERDAM, tags: ['eu'], ...onAir })
  await on.beat({ clusterId }, { host: 'nyc.example', location: NEW_YORK, tags: ['us'], ...onAir })
  return stream
}

test('a stream by its name gets the best host’s name, as text for anybody', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'edge7.example', ...onAir })
  const answer = await foghorn.get(`/${playbackId}`)
  expect([answer.status, await answer.text()]).toEqual([200, 'edge7.example'])
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
})

test('a runtime name serves as well, written as text or encoded', async () => {
  const { internal, playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'edge7.example', ...onAir })
  for (const name of [`live+${internal}`, `live%2B${internal}`]) {
    expect(await (await foghorn.get(`/${name}`)).text()).toBe('edge7.example')
    const answer = await foghorn.get(`/${name}?proto=HLS`)
    expect(answer.headers.get('location')).toBe(`http://edge7.example:8080/hls/${playbackId}/index.m3u8`)
  }
})

test.each([
  ['HLS', 'http://e.example:8080/hls/ID/index.m3u8'],
  ['CMAF', 'http://e.example:8080/cmaf/ID/index.m3u8'],
  ['WebRTC', 'ws://e.example:18203/webrtc/ID'],
  ['EBML', 'http://e.example:8080/ID.webm'],
  ['HTTPTS', 'http://e.example:8080/ID.ts'],
  ['TSSRT', 'srt://e.example:8889/?streamid=ID'],
  ['HTTP', 'http://e.example:8080/ID.html'],
  ['whep', 'http://e.example:8080/webrtc/ID'],
])('?proto=%s leads to %s', async (proto, url) => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'e.example', ...onAir })
  const answer = await foghorn.get(`/${playbackId}?proto=${proto}`)
  expect([answer.status, answer.headers.get('location')]).toEqual([307, url.replace('ID', playbackId)])
})

test('a redirect keeps the viewer’s own query and nothing that was for us', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'e.example', ...onAir })
  const answer = await foghorn.get(`/${playbackId}?a=b%20c&proto=MP4&lat=1&lon=2&tag_adjust=%7B%7D&foo=bar`)
  expect(answer.headers.get('location')).toBe(`http://e.example:8080/${playbackId}.mp4?a=b%20c&foo=bar`)
})

test('where the viewer is and which tags count decides', async () => {
  const { playbackId } = await addTwoPlaces()
  const host = async (query: string) => (await foghorn.get(`/${playbackId}?${query}`)).text()
  expect(await host('lat=40.7&lon=-74')).toBe('nyc.example')
  expect(await host('lat=52.3&lon=4.9')).toBe('ams.example')
  const adjust = (points: object) => host(new URLSearchParams({ tag_adjust: JSON.stringify(points) }).toString())
  expect(await adjust({ eu: 1000 })).toBe('ams.example')
  expect(await adjust({ '-eu': 1000 })).toBe('nyc.example')
  expect(await adjust({ 'us,asia': 1000 })).toBe('nyc.example')
})

test('headers tell where a viewer is only behind a front of ours', async () => {
  const place = { headers: { 'x-latitude': '40.7', 'x-longitude': '-74', 'x-tag-adjust': '{"us":500}' } }
  const trusted = await addTwoPlaces(fronted)
  const nearAmsterdam = '?lat=52.3&lon=4.9'
  expect(await (await fronted.get(`/${trusted.playbackId}${nearAmsterdam}`, place)).text()).toBe('nyc.example')
  const untrusted = await addTwoPlaces()
  expect(await (await foghorn.get(`/${untrusted.playbackId}${nearAmsterdam}`, place)).text()).toBe('ams.example')
})

test('without a host the text is FULL, and a player is told why instead', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { egress_bytes_per_second: 125_000_000, ...onAir })
  const answer = await foghorn.get(`/${playbackId}`)
  expect([answer.status, await answer.text()]).toEqual([200, 'FULL'])
  expect(await refusal(await foghorn.get(`/${playbackId}?proto=HLS`))).toBe('503 hosts_full')
})

test('what is no stream, or is not for everybody, is refused as it is when played', async () => {
  const { playbackId } = addStream(foghorn)
  const signed = addStream(foghorn)
  foghorn.commodore.verdicts.set(`live+${signed.internal}`, { allowed: false, reason: 'token_required' })
  const refusals: Record<string, string> = {}
  for (const path of [
    '/favicon.ico',
    '/robots.txt',
    '/nobodyknowsit',
    '/live+nobody',
    `/live+${signed.internal}`,
    `/${playbackId}?proto=betamax`,
    `/${playbackId}?lat=NaN&lon=1`,
  ]) {
    const name = path.replace(signed.internal, 'SIGNED').replace(playbackId, 'ID')
    refusals[name] = await refusal(await foghorn.get(path))
  }
  expect(refusals).toEqual({
    '/favicon.ico': '404 unknown_playback_id',
    '/robots.txt': '404 unknown_playback_id',
    '/nobodyknowsit': '404 unknown_playback_id',
    '/live+nobody': '404 unknown_stream',
    '/live+SIGNED': '403 token_required',
    '/ID?proto=betamax': '404 protocol_unknown',
    '/ID?lat=NaN&lon=1': '400 invalid_input',
  })
})

test('Decklog is told of viewers who come this way too, and cannot hold them up', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const nodeId = newId('node')
  await foghorn.beat({ clusterId, nodeId }, onAir)
  const release = foghorn.decklog.hold()
  try {
    expect((await foghorn.get(`/${playbackId}?proto=HLS`)).status).toBe(307)
  } finally {
    release()
  }
  const told = () => foghorn.decklog.events().filter(({ data }) => data.playback_id === playbackId)
  await expect.poll(told, EVENTUALLY).toHaveLength(1)
  expect(told()[0]?.data).toMatchObject({ purpose: 'play', protocol: 'hls', chosen_node_id: nodeId })
})
