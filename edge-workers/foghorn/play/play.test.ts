import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlayAnswer } from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { configureLog } from '../../../shared/log.ts'
import { type Answer, addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { CPU_PERCENT_MAX } from '../decision/usage.ts'
import { RETRY_AFTER_SECONDS } from './refusal.ts'

/** Decisions are told after the answer, in batches. */
const EVENTUALLY = { timeout: 10_000 }

let foghorn: Foghorn
const lines: string[] = []
beforeAll(async () => {
  configureLog({ pretty: false, level: 'debug', write: (line) => lines.push(line) })
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

async function refusal(answer: Answer): Promise<string> {
  const { status, code } = Problem.parse(await answer.json())
  return `${status} ${code}`
}

async function ask(path: string, cf?: Record<string, unknown>): Promise<PlayAnswer> {
  const answer = await foghorn.get(path, { headers: { accept: 'application/json' }, ...(cf && { cf }) })
  return PlayAnswer.parse(await answer.json())
}

test('a viewer is sent to the host that has the stream, by its playback id and with its query', async () => {
  const { playbackId, clusterId, internal, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'idle.example' })
  await foghorn.beat({ clusterId }, { host: 'edge7.example', ...onAir })
  const answer = await foghorn.get(`/play/${playbackId}?token=t%20k`)
  expect(answer.status).toBe(307)
  const location = answer.headers.get('location') ?? ''
  expect(location).toBe(`http://edge7.example:8080/hls/${playbackId}/index.m3u8?token=t%20k`)
  expect(location).not.toContain(internal)
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

test.each([
  ['hls', 'http://e.example:8080/hls/ID/index.m3u8'],
  ['m3u8', 'http://e.example:8080/hls/ID/index.m3u8'],
  ['HLS', 'http://e.example:8080/hls/ID/index.m3u8'],
  ['cmaf', 'http://e.example:8080/cmaf/ID/index.m3u8'],
  ['dash', 'http://e.example:8080/cmaf/ID/index.mpd'],
  ['mp4', 'http://e.example:8080/ID.mp4'],
  ['webm', 'http://e.example:8080/ID.webm'],
  ['mpegts', 'http://e.example:8080/ID.ts'],
  ['webrtc', 'http://e.example:8080/webrtc/ID'],
  ['hls/index.m3u8', 'http://e.example:8080/hls/ID/index.m3u8'],
  ['cmaf/index.mpd', 'http://e.example:8080/cmaf/ID/index.mpd'],
  ['smooth', 'http://e.example:8080/cmaf/ID/Manifest'],
  ['wswebrtc', 'ws://e.example:18203/webrtc/ID'],
  ['wsmp4', 'ws://e.example:8080/ID.mp4'],
  ['wsraw', 'ws://e.example:8080/ID.raw'],
  ['h264', 'http://e.example:8080/ID.h264'],
  ['sdp', 'http://e.example:8080/ID.sdp'],
  ['srt', 'srt://e.example:8889/?streamid=ID'],
  ['rtmp', 'rtmp://e.example/play/ID'],
  ['rtsp', 'rtsp://e.example:5554/ID'],
])('/%s leads to %s', async (protocol, url) => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'e.example', ...onAir })
  const answer = await foghorn.get(`/play/${playbackId}/${protocol}`)
  expect(answer.headers.get('location')).toBe(url.replace('ID', playbackId))
})

test('a path that ends like a file names the protocol by its ending', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'e.example', ...onAir })
  const answer = await foghorn.get(`/play/${playbackId}.mpd?a=1`)
  expect(answer.headers.get('location')).toBe(`http://e.example:8080/cmaf/${playbackId}/index.mpd?a=1`)
})

test('asked for JSON, the hosts come best first, each with its URLs and what its score is made of', async () => {
  const clusters = [newId('cluster'), newId('cluster')]
  const [first = '', second = ''] = clusters
  const { playbackId, onAir } = addStream(foghorn, clusters)
  await foghorn.beat({ clusterId: first }, { host: 'busy.example', cpu_percent: 80, ...onAir })
  await foghorn.beat({ clusterId: second }, { host: 'idle.example', cpu_percent: 1, ...onAir })
  const { url, protocol, candidates } = await ask(`/play/${playbackId}/rtmp`)
  expect(candidates.map(({ host, cluster_id }) => [host, cluster_id])).toEqual([
    ['idle.example', second],
    ['busy.example', first],
  ])
  expect({ url, protocol }).toEqual({ url: `rtmp://idle.example/play/${playbackId}`, protocol: 'rtmp' })
  expect(candidates[0]?.urls.srt).toBe(`srt://idle.example:8889/?streamid=${playbackId}`)
  const { score = 0, score_parts = {} } = candidates[0] ?? {}
  expect(Object.values(score_parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(score, 6)
})

test('a viewer whom Cloudflare places is sent to the nearer host, and told of only coarsely', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const amsterdam = { latitude: 52.37, longitude: 4.9 }
  const newYork = { latitude: 40.7, longitude: -74 }
  await foghorn.beat({ clusterId }, { host: 'ams.example', location: amsterdam, ...onAir })
  await foghorn.beat({ clusterId }, { host: 'nyc.example', location: newYork, ...onAir })
  const boston = { country: 'US', city: 'Boston', latitude: '42.36004', longitude: '-71.05884' }
  const near = await ask(`/play/${playbackId}`, boston)
  expect(near.candidates[0]?.host).toBe('nyc.example')
  expect(near.candidates[0]?.distance_km).toBeCloseTo(306, -1)
  const far = await ask(`/play/${playbackId}`, { country: 'NL', latitude: '52.1', longitude: '5.1' })
  expect(far.candidates[0]?.host).toBe('ams.example')
  const place = { country_code: 'US', city: 'Boston', latitude: 42.36, longitude: -71.06, h3_cell: null }
  await expect
    .poll(() => foghorn.decklog.events().map(({ data }) => [data.place, data.distance_km]), EVENTUALLY)
    .toContainEqual([place, 310])
})

test('what cannot be played says why', async () => {
  const { verdicts } = foghorn.commodore
  verdicts.set('suspended', { allowed: false, reason: 'tenant_suspended' })
  verdicts.set('unpaid', { allowed: false, reason: 'payment_required' })
  const nowhere = addStream(foghorn)
  const offline = addStream(foghorn)
  await foghorn.beat({ clusterId: offline.clusterId })
  const full = addStream(foghorn)
  await foghorn.beat({ clusterId: full.clusterId }, { cpu_percent: CPU_PERCENT_MAX, ...full.onAir })
  const plain = addStream(foghorn)
  await foghorn.beat(
    { clusterId: plain.clusterId },
    { outputs: { HLS: 'http://HOST/hls/$/index.m3u8' }, ...plain.onAir },
  )
  const refusals: Record<string, string> = {}
  const paths = {
    unknown: '/play/nobodyknowsit',
    suspended: '/play/suspended',
    unpaid: '/play/unpaid.m3u8',
    nowhere: `/play/${nowhere.playbackId}`,
    offline: `/play/${offline.playbackId}`,
    full: `/play/${full.playbackId}`,
    noRtmp: `/play/${plain.playbackId}/rtmp`,
    noSuch: `/play/${plain.playbackId}/betamax`,
    noFile: `/play/${plain.playbackId}/hls/index.mpd`,
    malformed: '/play/no%20such%2Fid',
  }
  for (const [name, path] of Object.entries(paths)) refusals[name] = await refusal(await foghorn.get(path))
  expect(refusals).toEqual({
    unknown: '404 unknown_playback_id',
    suspended: '403 tenant_suspended',
    unpaid: '402 payment_required',
    nowhere: '503 no_host',
    offline: '404 stream_offline',
    full: '503 hosts_full',
    noRtmp: '404 protocol_unavailable',
    noSuch: '404 protocol_unknown',
    noFile: '404 file_unknown',
    malformed: '400 invalid_input',
  })
  const again = await foghorn.get(paths.offline)
  expect(again.headers.get('retry-after')).toBe(String(RETRY_AFTER_SECONDS))
})

test('a redirect leaves no line in the log, as Decklog is told of it, and a refusal does', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  const ids: string[] = []
  for (const path of [playbackId, `${playbackId}/hls/index.m3u8`, `${playbackId}/nosuch`]) {
    const answer = await foghorn.get(`/play/${path}`)
    ids.push(answer.headers.get('x-request-id') ?? '')
  }
  const answered = () => lines.filter((line) => line.includes('frameworks.foghorn') && line.includes('answered'))
  const logged = () => ids.map((id) => answered().filter((line) => line.includes(id)).length)
  await expect.poll(logged, EVENTUALLY).toEqual([0, 0, 1])
})

test('a page of any origin may ask, and reads refusals too', async () => {
  const { playbackId } = addStream(foghorn)
  const headers = { origin: 'https://player.example', 'access-control-request-method': 'GET' }
  const preflight = await foghorn.get(`/play/${playbackId}`, { method: 'OPTIONS', headers })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*')
  const refused = await foghorn.get('/play/nobodyknowsit', { headers })
  expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after')
})

test('HEAD is answered like GET, without a body', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  const answer = await foghorn.get(`/play/${playbackId}`, { method: 'HEAD' })
  expect([answer.status, await answer.text()]).toEqual([307, ''])
  expect(answer.headers.get('location')).toContain(playbackId)
})

test('a crowd that comes at once costs one question to Commodore', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  const crowd = await Promise.all(Array.from({ length: 50 }, () => foghorn.get(`/play/${playbackId}`)))
  expect(crowd.every(({ status }) => status === 307)).toBe(true)
  expect(foghorn.commodore.asked.filter((asked) => asked === playbackId)).toHaveLength(1)
})

test('those who could play just before still can while Commodore is away', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  expect((await foghorn.get(`/play/${playbackId}`)).status).toBe(307)
  const stranger = addStream(foghorn)
  await foghorn.commodore.down()
  try {
    expect((await foghorn.get(`/play/${playbackId}`)).status).toBe(307)
    expect(await refusal(await foghorn.get(`/play/${stranger.playbackId}`))).toBe('503 commodore_unreachable')
  } finally {
    await foghorn.commodore.up()
  }
})

test('a Commodore that does not answer is given up on', async () => {
  const { playbackId } = addStream(foghorn)
  const release = foghorn.commodore.hold()
  try {
    expect(await refusal(await foghorn.get(`/play/${playbackId}`))).toBe('503 commodore_late')
  } finally {
    release()
  }
})

test('Decklog is told of each decision: who was chosen, and why others were not', async () => {
  const { playbackId, clusterId, internal, onAir } = addStream(foghorn)
  const nodeId = newId('node')
  await foghorn.beat({ clusterId, nodeId }, onAir)
  await foghorn.beat({ clusterId }, { draining: true, ...onAir })
  await foghorn.get(`/play/${playbackId}/srt`)
  await foghorn.get('/play/nobodyknowsthis')
  const told = (id: string) => foghorn.decklog.events().filter(({ data }) => data.playback_id === id)
  await expect.poll(() => told(playbackId), EVENTUALLY).toHaveLength(1)
  const [chosen] = told(playbackId)
  expect(chosen).toMatchObject({
    event_type: 'load-balancing',
    source: 'foghorn',
    stream_name: `live+${internal}`,
    data: {
      outcome: 'chosen',
      protocol: 'srt',
      chosen_node_id: nodeId,
      chosen_cluster_id: clusterId,
      candidates_total: 2,
    },
  })
  expect(chosen?.data.candidates.map(({ rejected }) => rejected)).toEqual([null, 'draining'])
  await expect.poll(() => told('nobodyknowsthis'), EVENTUALLY).toHaveLength(1)
  expect(told('nobodyknowsthis')[0]?.data).toMatchObject({ outcome: 'denied', reason_code: 'unknown_playback_id' })
})

test('a Decklog that never answers holds no viewer up', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  const release = foghorn.decklog.hold()
  try {
    const answers = await Promise.all(Array.from({ length: 20 }, () => foghorn.get(`/play/${playbackId}`)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 307))
  } finally {
    release()
  }
  const told = () => foghorn.decklog.events().filter(({ data }) => data.playback_id === playbackId)
  await expect.poll(told, EVENTUALLY).toHaveLength(20)
})
