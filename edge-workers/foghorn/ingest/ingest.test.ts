import { afterAll, beforeAll, expect, test } from 'vitest'
import { IngestAnswer } from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { configureLog } from '../../../shared/log.ts'
import { randomCode } from '../../../shared/random.ts'
import { type Answer, addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { live } from '../testing/hosts.ts'
import { ALLOWANCE_BURST } from './allowance.ts'

/** Decisions are told after the answer, in batches. */
const EVENTUALLY = { timeout: 10_000 }
const OFFER = { 'content-type': 'application/sdp' }

const lines: string[] = []
let foghorn: Foghorn
beforeAll(async () => {
  configureLog({ pretty: false, level: 'debug', write: (line) => lines.push(line) })
  foghorn = await startFoghorn({ TRUSTED_PROXIES: '1' })
})
afterAll(() => foghorn[Symbol.asyncDispose]())

let callers = 0
/** Asks from an address of its own each time, where the test names none. */
function get(path: string, { headers = {}, ...init }: Parameters<Foghorn['get']>[1] = {}): Promise<Answer> {
  callers++
  return foghorn.get(path, { headers: { 'x-forwarded-for': `198.51.100.${callers}`, ...headers }, ...init })
}

/** A stream that nobody publishes yet, and a key that Commodore lets publish it. */
function addPublisher(clusterIds?: readonly string[]) {
  const stream = addStream(foghorn, clusterIds)
  const key = `sk_${randomCode(32)}`
  const runtime_name = `live+${stream.internal}`
  foghorn.commodore.publishers.set(key, {
    allowed: true,
    tenant_id: newId('tenant'),
    stream_id: newId('stream'),
    internal_name: stream.internal,
    runtime_name,
    playback_id: stream.playbackId,
    record: false,
    dvr: false,
    cluster_ids: clusterIds ? [...clusterIds] : [stream.clusterId],
  })
  return { ...stream, key, runtime_name }
}

async function refusal(answer: Answer): Promise<string> {
  const { status, code } = Problem.parse(await answer.json())
  return `${status} ${code}`
}

async function ask(path: string): Promise<IngestAnswer> {
  return IngestAnswer.parse(await (await get(path)).json())
}

test('a publisher gets the best hosts, each with its URLs and the key in them', async () => {
  const { key, clusterId, playbackId } = addPublisher()
  await foghorn.beat({ clusterId }, { host: 'busy.example', cpu_percent: 80 })
  await foghorn.beat({ clusterId }, { host: 'idle.example', cpu_percent: 1 })
  const { candidates, playback_id, stale_ms } = await ask(`/ingest/${key}`)
  expect({ playback_id, stale_ms }).toEqual({ playback_id: playbackId, stale_ms: 0 })
  expect(candidates.map(({ host }) => host)).toEqual(['idle.example', 'busy.example'])
  expect(candidates[0]?.urls).toEqual({
    rtmp: `rtmp://idle.example/live/${key}`,
    srt: `srt://idle.example:8889/?streamid=${key}`,
    whip: `http://idle.example:8080/webrtc/${key}`,
  })
  expect(foghorn.commodore.publishing.at(-1)).toMatchObject({ stream_key: key, protocol: 'any' })
})

test('ports that a host tells are kept', async () => {
  const { key, clusterId } = addPublisher()
  const outputs = {
    HTTP: 'https://HOST/view/$.html',
    RTMP: 'rtmp://HOST:1936/play/$',
    TSSRT: 'srt://HOST:9000/?streamid=$',
    WebRTC: 'wss://HOST/view/webrtc/$',
  }
  await foghorn.beat({ clusterId }, { host: 'e.example', outputs })
  const { candidates } = await ask(`/ingest/${key}`)
  expect(candidates[0]?.urls).toEqual({
    rtmp: `rtmp://e.example:1936/live/${key}`,
    srt: `srt://e.example:9000/?streamid=${key}`,
    whip: `https://e.example/view/webrtc/${key}`,
  })
})

test('a WHIP offer is sent on as it is to the best host that takes WHIP', async () => {
  const { key, clusterId } = addPublisher()
  const outputs = { RTMP: 'rtmp://HOST/play/$' }
  await foghorn.beat({ clusterId }, { host: 'idle.example', cpu_percent: 1, outputs })
  await foghorn.beat({ clusterId }, { host: 'whip.example', cpu_percent: 50 })
  const answer = await get(`/ingest/${key}`, { method: 'POST', headers: OFFER, body: 'v=0\r\n' })
  expect(answer.status).toBe(307)
  expect(answer.headers.get('location')).toBe(`http://whip.example:8080/webrtc/${key}`)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const { candidates } = await ask(`/ingest/${key}?protocol=WHIP`)
  expect(candidates.map(({ host }) => host)).toEqual(['whip.example'])
})

test('a publisher who comes back finds the host that still has the stream', async () => {
  const { key, clusterId, runtime_name } = addPublisher()
  await foghorn.beat({ clusterId }, { host: 'idle.example' })
  await foghorn.beat({ clusterId }, { host: 'had.example', cpu_percent: 25, streams: [live(runtime_name)] })
  expect((await ask(`/ingest/${key}`)).candidates[0]?.host).toBe('had.example')
})

test('who may not publish is told why, and is told nothing that could be kept', async () => {
  const deny = (reason: string) => {
    const key = `sk_${randomCode(32)}`
    foghorn.commodore.publishers.set(key, { allowed: false, reason })
    return `/ingest/${key}`
  }
  const nowhere = addPublisher()
  const full = addPublisher()
  await foghorn.beat({ clusterId: full.clusterId }, { egress_bytes_per_second: 125_000_000 })
  const plain = addPublisher()
  await foghorn.beat({ clusterId: plain.clusterId }, { outputs: { HLS: 'http://HOST/hls/$/index.m3u8' } })
  const paths = {
    unknown: `/ingest/sk_${randomCode(32)}`,
    malformed: '/ingest/a%2Fb%20c',
    suspended: deny('tenant_suspended'),
    disabled: deny('stream_disabled'),
    unpaid: deny('payment_required'),
    nowhere: `/ingest/${nowhere.key}`,
    full: `/ingest/${full.key}`,
    noRtmp: `/ingest/${plain.key}?protocol=rtmp`,
    nothing: `/ingest/${plain.key}`,
    noSuch: `/ingest/${plain.key}?protocol=rist`,
  }
  const refusals: Record<string, string> = {}
  for (const [name, path] of Object.entries(paths)) {
    const answer = await get(path)
    expect(answer.headers.get('cache-control'), name).toBe('no-store')
    refusals[name] = await refusal(answer)
  }
  const { key } = plain
  for (const [name, headers] of Object.entries<Record<string, string>>({
    json: { 'content-type': 'application/json' },
    none: {},
  })) {
    refusals[name] = await refusal(await get(`/ingest/${key}`, { method: 'POST', headers }))
  }
  expect(refusals).toEqual({
    unknown: '404 unknown_key',
    malformed: '404 unknown_key',
    suspended: '403 tenant_suspended',
    disabled: '403 stream_disabled',
    unpaid: '402 payment_required',
    nowhere: '503 no_host',
    full: '503 hosts_full',
    noRtmp: '404 protocol_unavailable',
    nothing: '404 protocol_unavailable',
    noSuch: '415 protocol_unknown',
    json: '415 sdp_expected',
    none: '415 sdp_expected',
  })
})

test('a Commodore that is away is neither a yes nor a no', async () => {
  const { key } = addPublisher()
  await foghorn.commodore.down()
  try {
    const answer = await get(`/ingest/${key}`)
    expect(await refusal(answer)).toBe('503 commodore_unreachable')
  } finally {
    await foghorn.commodore.up()
  }
})

test('a page of any origin may publish, and reads refusals too', async () => {
  const { key } = addPublisher()
  const asked = { origin: 'https://studio.example', 'access-control-request-method': 'POST' }
  const headers = { ...asked, 'access-control-request-headers': 'content-type' }
  const preflight = await get(`/ingest/${key}`, { method: 'OPTIONS', headers })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
  expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type')
  const refused = await get('/ingest/nobody', { headers: asked })
  expect(refused.headers.get('access-control-allow-origin')).toBe('*')
})

test('an address that asks too often waits, while others do not', async () => {
  const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
  const answers = Array.from({ length: ALLOWANCE_BURST }, () => get('/ingest/guess', from('192.0.2.7')))
  expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([404]))
  const late = await get('/ingest/guess', from('192.0.2.7'))
  expect(late.headers.get('retry-after')).toBe('1')
  expect(await refusal(late)).toBe('429 too_many_attempts')
  expect((await get('/ingest/guess', from('192.0.2.8'))).status).toBe(404)
})

test('Decklog is told of each, and nobody is told the key', async () => {
  const { key, clusterId, playbackId, runtime_name } = addPublisher()
  const nodeId = newId('node')
  await foghorn.beat({ clusterId, nodeId })
  const release = foghorn.decklog.hold()
  try {
    expect((await get(`/ingest/${key}`, { method: 'POST', headers: OFFER, body: 'v=0' })).status).toBe(307)
  } finally {
    release()
  }
  const denied = `sk_${randomCode(32)}`
  await get(`/ingest/${denied}`)
  const told = () => foghorn.decklog.events().filter(({ data }) => data.purpose === 'ingest')
  await expect.poll(() => told().some(({ data }) => data.playback_id === playbackId), EVENTUALLY).toBe(true)
  await expect.poll(() => told().some(({ data }) => data.reason_code === 'unknown_key'), EVENTUALLY).toBe(true)
  expect(told().find(({ data }) => data.playback_id === playbackId)).toMatchObject({
    stream_name: runtime_name,
    data: { outcome: 'chosen', protocol: 'whip', chosen_node_id: nodeId, reason_code: null },
  })
  await expect.poll(() => lines.join(''), EVENTUALLY).toContain('"route":"/ingest/:stream_key"')
  const all = JSON.stringify(foghorn.decklog.events()) + lines.join('')
  for (const secret of [key, denied]) expect(all).not.toContain(secret)
})
