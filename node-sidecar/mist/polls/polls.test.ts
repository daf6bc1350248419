import { createHash } from 'node:crypto'
import { type AddressInfo, createServer } from 'node:net'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { Heartbeat, TAGS_MAX } from '../../../shared/contract/foghorn.ts'
import { SentEvent } from '../../../shared/events/envelope.ts'
import { CLIENT_SAMPLES_MAX } from '../../../shared/events/limits.ts'
import { readApiReply } from '../../testing/recordings.ts'
import { MistApi } from '../api.ts'
import { inEvents, readClients } from './clients.ts'
import { toHeartbeat } from './heartbeat.ts'
import { toNodeMonitoring, toUnreachable } from './node.ts'
import { toClientEvents, toNodeEvent, toStreamEvents } from './poll-events.ts'
import { readStatistics, Statistics } from './statistics.ts'
import { readStreams, toVanished } from './streams.ts'

const time = { node_id: 'nod_1', at: new Date('2026-11-24T01:00:00.000Z'), up_ms: 0 }

interface Served {
  api: MistApi
  commands: Record<string, unknown>[]
}

/** A port that answers with recorded replies; a list answers one after the other. */
async function serveReply(reply: string | string[], account?: { username: string; password: string }): Promise<Served> {
  const replies = [reply].flat()
  const commands: Record<string, unknown>[] = []
  const app = new Hono()
  const next = () => (replies.length > 1 ? replies.shift() : replies[0]) ?? ''
  app.post('/api2', async (c) => {
    commands.push(await c.req.json())
    return c.body(next())
  })
  app.get('/koekjes.json', (c) => c.body(next()))
  const listening = Promise.withResolvers<number>()
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening.resolve(port))
  onTestFinished(() => void server.close())
  const url = new URL(`http://127.0.0.1:${await listening.promise}`)
  return { api: new MistApi({ url, ...(account && { account }) }), commands }
}

function statisticsOf(name = 'node-statistics', change: Record<string, unknown> = {}): Statistics {
  return Statistics.parse({ ...JSON.parse(readApiReply(name)), ...change })
}

function valid(events: SentEvent[]): SentEvent[] {
  for (const event of events) expect(SentEvent.safeParse(event).error).toBeUndefined()
  return events
}

test('a MistServer that was never told its place has none', () => {
  const nowhere = statisticsOf('node-statistics', { loc: { lat: 0, lon: 0, name: '' } })
  expect(toNodeMonitoring({ up_ms: 0, statistics: nowhere }, null).location).toBeNull()
  const equator = statisticsOf('node-statistics', { loc: { lat: 0, lon: 9.45, name: 'Libreville' } })
  expect(toNodeMonitoring({ up_ms: 0, statistics: equator }, null).location).toMatchObject({ latitude: 0 })
})

test('MistServer’s cpu is tenths of a percent and its memory KiB', async () => {
  const { api } = await serveReply(readApiReply('node-statistics'))
  const statistics = await readStatistics(api, 'koekjes')
  const monitoring = toNodeMonitoring({ up_ms: 0, statistics }, null)
  expect(monitoring).toMatchObject({
    healthy: true,
    unhealthy_reasons: [],
    cpu_percent: 7.1,
    memory_total_bytes: 24683520 * 1024,
    memory_used_bytes: 466944 * 1024,
    media_egress_bytes: 199108771,
    media_ingress_bytes: 106439314,
    network_egress_bytes: 2668247,
    media_egress_bytes_per_second: null,
    streams: 2,
    viewers: 9,
    inputs: 2,
    outputs: 3,
    location: { latitude: 52.37, longitude: 4.9, name: 'Amsterdam' },
  })
  valid([toNodeEvent(monitoring, time)])
})

test('rates compare two polls, and a counter that began anew has none', () => {
  const before = { up_ms: 1_000, statistics: statisticsOf() }
  const after = { up_ms: 11_000, statistics: statisticsOf('node-statistics', { bw: [199208771, 106539314] }) }
  expect(toNodeMonitoring(after, before)).toMatchObject({
    media_egress_bytes_per_second: 10_000,
    media_ingress_bytes_per_second: 10_000,
    network_egress_bytes_per_second: 0,
  })
  const restarted = { up_ms: 21_000, statistics: statisticsOf('node-statistics', { bw: [10, 10] }) }
  expect(toNodeMonitoring(restarted, after)).toMatchObject({ media_egress_bytes_per_second: null })
})

test('a host is unhealthy when memory runs out or MistServer is away, and says why', () => {
  const full = { mem_used: 90, mem_total: 99, shm_used: 96, shm_total: 100, cpu: 1000 }
  expect(toNodeMonitoring({ up_ms: 0, statistics: statisticsOf('node-statistics', full) }, null)).toMatchObject({
    healthy: false,
    unhealthy_reasons: ['memory_high', 'shm_high'],
    cpu_percent: 100,
  })
  const away = toUnreachable(['journal_failing'])
  expect(away).toMatchObject({ healthy: false, unhealthy_reasons: ['mist_unreachable', 'journal_failing'] })
  valid([toNodeEvent(away, time)])
})

test('active streams come with their figures', async () => {
  const { api, commands } = await serveReply(readApiReply('active_streams-longform'))
  const { states: streams, totals } = await readStreams(api)
  expect(totals.get('live+test')).toMatchObject({ viewers: 35, viewer_seconds: 899, egress_bytes: 199044649 })
  expect(commands[0]).toMatchObject({ active_streams: { longform: true } })
  expect(streams.get('live+test')).toMatchObject({
    status: 'live',
    cause: 'poll',
    viewers: 6,
    inputs: 1,
    outputs: 3,
    egress_bytes: 199044649,
    ingress_bytes: 9396,
    viewer_seconds: 899,
    packets_sent: 428,
    buffer_ms: 61312,
    jitter_ms: 120,
  })
  valid(toStreamEvents(streams, time))
})

test('a stream that has just ended has no tracks, and does not hide the others', async () => {
  const { active_streams } = JSON.parse(readApiReply('active_streams-longform'))
  const ended = { ...active_streams['live+test'], status: 'Offline', tracks: null, health: null }
  const { api } = await serveReply(JSON.stringify({ active_streams: { ...active_streams, 'live+ended': ended } }))
  const { states } = await readStreams(api)
  expect(states.get('live+ended')).toMatchObject({ status: 'offline', tracks: null })
  expect(states.get('live+test')).toMatchObject({ status: 'live' })
  valid(toStreamEvents(states, time))
})

test('null says that no stream is active; a reply without an answer says nothing', async () => {
  const { api } = await serveReply(['{"active_streams":null}', '{"LTS":1}'])
  expect((await readStreams(api)).states.size).toBe(0)
  await expect(readStreams(api)).rejects.toMatchObject({ reason: 'mist_nonsense' })
})

test('a stream that is gone is offline once, and the first poll misses none', async () => {
  const { api } = await serveReply([readApiReply('active_streams-longform'), '{"active_streams":null}'])
  const { states: first } = await readStreams(api)
  expect(toVanished(first, null).size).toBe(0)
  const { states: second } = await readStreams(api)
  const gone = toVanished(second, first)
  expect([...gone]).toMatchObject([
    ['live+copy', { status: 'offline', viewers: 0, egress_bytes: null }],
    ['live+test', { status: 'offline' }],
  ])
  valid(toStreamEvents(gone, time))
  expect(toVanished(second, second).size).toBe(0)
})

test('sessions are sampled by stream with their role, and without their address', async () => {
  const { api, commands } = await serveReply(readApiReply('clients'))
  const samples = await readClients(api, null)
  expect(commands[0]).toMatchObject({ clients: { time: -5 } })
  const all = samples.get('live+test') ?? []
  expect(all.filter(({ role }) => role === 'viewer')).toHaveLength(6)
  expect(all.find(({ connector }) => connector === 'HLS')).toMatchObject({
    role: 'viewer',
    connected_seconds: 19,
    egress_bytes: 2536394,
    ingress_bytes: 1050,
    egress_bytes_delta: null,
    egress_bytes_per_second: 151421,
  })
  expect(all.find(({ role }) => role === 'input')).toMatchObject({ connector: 'RTMP', ingress_bytes: 121116513 })
  const events = valid(toClientEvents(samples, time))
  expect(events.map(({ stream_name }) => stream_name)).toEqual(['live+test', 'live+copy'])
  expect(JSON.stringify(events)).not.toContain('127.0.0.1')
})

test('a sample says what came since the one before', async () => {
  const later = readApiReply('clients').replace('2536394', '2536494').replace('2207281', '1')
  const { api } = await serveReply([readApiReply('clients'), later])
  const samples = await readClients(api, await readClients(api, null))
  const deltas = new Map(samples.get('live+test')?.map((sample) => [sample.session_id, sample.egress_bytes_delta]))
  expect(deltas.get('4dc17c5125ba3958d9d5a79007afd3c58e307b4d27bc56a939bc44cd5a58621a')).toBe(100)
  expect(deltas.get('5c05162684ade1f0daad69c195a3ec5537fa1b87b567ebda3de9df8c7360944b')).toBeNull()
})

test('no sessions are none, and an answer of another shape is nonsense', async () => {
  const { api } = await serveReply([readApiReply('clients-fields'), '{}', '{"clients":{"fields":["up"],"data":[[1]]}}'])
  expect((await readClients(api, null)).size).toBe(0)
  await expect(readClients(api, null)).rejects.toMatchObject({ reason: 'mist_nonsense' })
  await expect(readClients(api, null)).rejects.toMatchObject({ reason: 'mist_nonsense' })
})

test('more sessions than an event takes are several events with ids of their own', async () => {
  const { api } = await serveReply(readApiReply('clients'))
  const [sample] = (await readClients(api, null)).get('live+test') ?? []
  if (sample === undefined) throw new TypeError('not recorded')
  const many = new Map([['live+a', Array.from({ length: CLIENT_SAMPLES_MAX + 1 }, () => sample)]])
  const events = valid(toClientEvents(many, time))
  expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(2)
  expect(inEvents([])).toEqual([])
})

test('the same poll makes the same event ids, another one others', () => {
  const idOf = (at: Date, up_ms = 0) => toNodeEvent(toUnreachable([]), { ...time, at, up_ms }).event_id
  expect(idOf(time.at)).toBe(idOf(time.at))
  // A clock that was set back shows the same time again.
  expect(idOf(time.at, 60_000)).not.toBe(idOf(time.at))
  expect(idOf(new Date(time.at.getTime() + 1))).not.toBe(idOf(time.at))
})

const publishers = { lacks: () => false, streaming: () => [] as string[] }

test('Foghorn takes the heartbeat that the statistics make', () => {
  const outputs = { ...statisticsOf().outputs, 'a name that is far too long for an output': 'x', BAD: 'http://h/a b' }
  const statistics = statisticsOf('node-statistics-replica', { outputs })
  const monitoring = toNodeMonitoring({ up_ms: 0, statistics }, null)
  const heartbeat = toHeartbeat({ host: 'edge1.test', monitoring, statistics, draining: false, publishers })
  expect(Heartbeat.parse(heartbeat)).toMatchObject({
    healthy: true,
    cpu_percent: 3.1,
    streams: [{ name: 'live+one', viewers: 0, inputs: 1, replica: true }],
  })
  expect(heartbeat.outputs.HLS).toBe('http://HOST:8080/hls/$/index.m3u8')
  expect(heartbeat.outputs).not.toHaveProperty('BAD')
  const away = toHeartbeat({
    host: '[::1]',
    monitoring: toUnreachable([]),
    statistics: null,
    draining: true,
    publishers: { lacks: () => false, streaming: () => ['live+regatta'] },
  })
  expect(Heartbeat.parse(away)).toMatchObject({ healthy: false, draining: true, streams: [], cpu_percent: null })
})

test('a port that MistServer leaves out is told, so that viewers, publishers and other hosts have one', () => {
  const outputs = {
    ...statisticsOf().outputs,
    other: 'srt://HOST:9889/?streamid=$',
    elsewhere: 'rtmp://media.example/play/$',
  }
  const statistics = statisticsOf('node-statistics', { outputs })
  const monitoring = toNodeMonitoring({ up_ms: 0, statistics }, null)
  const told = toHeartbeat({ host: 'edge1.test', monitoring, statistics, draining: false, publishers })
  expect(told.outputs).toMatchObject({
    DTSC: 'dtsc://HOST:4200/$',
    RTMP: 'rtmp://HOST:1935/play/$',
    RTSP: 'rtsp://HOST:5554/$',
    TSSRT: 'srt://HOST:8889/?streamid=$',
    HLS: 'http://HOST:8080/hls/$/index.m3u8',
    other: 'srt://HOST:9889/?streamid=$',
    elsewhere: 'rtmp://media.example/play/$',
  })
})

test('of streams of ours it is told who publishes here, not what the statistics still or not yet show', () => {
  const shown = (viewers: number, rep?: boolean) => ({ curr: [viewers, 1, 0, 0], bw: [7, 5], ...(rep && { rep }) })
  const streams = { 'live+here': shown(3), 'live+replica': shown(4, true), 'live+gone': shown(5), vod: shown(6) }
  const statistics = statisticsOf('node-statistics', { streams })
  const monitoring = toNodeMonitoring({ up_ms: 0, statistics }, null)
  const here = ['live+here', 'live+new']
  const publishers = { lacks: (name: string) => !here.includes(name), streaming: () => here }
  const told = toHeartbeat({ host: 'edge1.test', monitoring, statistics, draining: false, publishers })
  const bytes = { sent: 7, received: 5 }
  expect(Heartbeat.parse(told).streams).toEqual([
    { name: 'live+here', viewers: 3, inputs: 1, replica: false, ...bytes },
    { name: 'live+replica', viewers: 4, inputs: 1, replica: true, ...bytes },
    { name: 'live+gone', viewers: 5, inputs: 0, replica: true, ...bytes },
    { name: 'vod', viewers: 6, inputs: 1, replica: false, ...bytes },
    { name: 'live+new', viewers: 0, inputs: 1, replica: false, sent: 0, received: 0 },
  ])
})

test('the host is told by its operator’s tags, as far as Foghorn takes them, and with all of its viewers', () => {
  const tags = ['gpu', 'region:eu-west', 'not a tag', 'x'.repeat(65), ...Array.from({ length: 40 }, (_, i) => `t${i}`)]
  const statistics = statisticsOf('node-statistics', { tags })
  const before = { up_ms: 0, statistics: { ...statistics, st: [0, 0] as [number, number] } }
  const later = { up_ms: 1000, statistics: { ...statistics, st: [5, 7] as [number, number] } }
  const monitoring = toNodeMonitoring(later, before)
  const told = Heartbeat.parse(toHeartbeat({ host: 'edge1.test', monitoring, statistics, draining: false, publishers }))
  expect(told.tags).toHaveLength(TAGS_MAX)
  expect(told.tags.slice(0, 3)).toEqual(['gpu', 'region:eu-west', 't0'])
  expect(told).toMatchObject({ viewers: 9, ingress_bytes_per_second: 7 })
})

test('a challenge is answered with the hash that MistServer wants, and kept', async () => {
  const account = { username: 'test', password: 'test' }
  const { api, commands } = await serveReply(
    [readApiReply('unauthorized'), readApiReply('active_streams-longform')],
    account,
  )
  await readStreams(api)
  await readStreams(api)
  const md5 = (text: string) => createHash('md5').update(text).digest('hex')
  const password = md5(`${md5('test')}d30e6ee7cad404f38b02483252e6c819`)
  expect(commands.map(({ authorize }) => authorize)).toEqual([
    undefined,
    { username: 'test', password },
    { username: 'test', password },
  ])
})

test('a login that is refused or missing is a fault without the password', async () => {
  const refused = await serveReply(readApiReply('unauthorized'), { username: 'test', password: 'hunter2' })
  const fault = await readStreams(refused.api).catch((error: unknown) => error)
  expect(fault).toMatchObject({ kind: 'unavailable', reason: 'mist_login_refused' })
  expect(String(fault)).not.toContain('hunter2')
  const anonymous = await serveReply(readApiReply('unauthorized'))
  await expect(readStreams(anonymous.api)).rejects.toMatchObject({ reason: 'mist_login_needed' })
})

test('a MistServer that does not answer in time is unreachable', async () => {
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const { port } = silent.address() as AddressInfo
  const api = new MistApi({ url: new URL(`http://127.0.0.1:${port}`), timeoutMs: 50 })
  await expect(readStreams(api)).rejects.toMatchObject({ reason: 'mist_unreachable', retry: true })
})
