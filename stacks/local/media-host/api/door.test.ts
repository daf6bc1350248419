import { readFileSync } from 'node:fs'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { createLog } from '../../../../shared/log.ts'
import { startMediaHost } from '../media-host.ts'
import { callApi, startWired } from '../testing.ts'
import { md5 } from './authorize.ts'
import { API_BODY_BYTES_MAX } from './door.ts'

const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))

/** Types instead of values; `names` are keys that differ from run to run and all hold the same shape. */
function shapeOf(value: unknown, names: RegExp): unknown {
  if (Array.isArray(value)) return value.map((item) => shapeOf(item, names))
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value
  const entries = Object.entries(value).map(([key, item]) => [names.test(key) ? '*' : key, shapeOf(item, names)])
  return Object.fromEntries(entries)
}

const STREAM_NAME = /^live\+|^$/
let host: Awaited<ReturnType<typeof startWired>>

beforeAll(async () => {
  host = await startWired()
  await host.publish({ stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  await host.view({ playback_id: 'one', protocol: 'hls', viewer_host: '127.0.0.1' })
  return () => host[Symbol.asyncDispose]()
})

test.for([
  ['version', { version: true }],
  ['load', { load: true }],
  ['bandwidth', { bandwidth: true }],
  ['deletestream', { deletestream: 'nothing' }],
  ['proc_list', { proc_list: 'live+one' }],
  ['clients-fields', { clients: {} }],
  ['active_streams-longform', { active_streams: { longform: true, fields: longFields() } }],
  ['stats_streams-fields', { stats_streams: ['clients', 'lastms'] }],
] as const)('%s has the shape of the recorded reply', async ([name, command]) => {
  expect(shapeOf(await callApi(host, command), STREAM_NAME)).toEqual(shapeOf(recorded(name), STREAM_NAME))
})

function longFields(): string[] {
  const { active_streams } = recorded('active_streams-longform') as { active_streams: Record<string, object> }
  return Object.keys(active_streams['live+test'] ?? {})
}

test('active streams come as names, as rows, and as null when nothing runs', async () => {
  expect((await callApi(host, { active_streams: true })).active_streams).toEqual(['live+one'])
  const { active_streams } = await callApi(host, { active_streams: { fields: ['tracks', 'status'] } })
  expect(active_streams).toEqual({ fields: ['tracks', 'status'], data: { 'live+one': [3, 'Online'] } })
  const rows = await callApi(host, { active_streams: ['viewers', 'inputs'] })
  expect(rows.active_streams).toEqual({ 'live+one': [1, 1] })
  expect((await callApi(host, { active_streams: { streams: ['live+two'] } })).active_streams).toBeNull()
})

test('clients are listed with the recorded fields, filtered, and only for a recent time', async () => {
  const shape = shapeOf((recorded('clients') as { clients: { data: unknown[] } }).clients.data[4], STREAM_NAME)
  const { clients } = (await callApi(host, { clients: { time: -5 } })) as { clients: { data: unknown[][] } }
  expect(clients.data.map((row) => shapeOf(row, STREAM_NAME))).toEqual([shape, shape])
  const query = { time: -5, protocols: ['HLS'], fields: ['stream', 'protocol'] }
  const filtered = (await callApi(host, { clients: query })) as { clients: { data: unknown } }
  expect(filtered.clients.data).toEqual([['live+one', 'HLS']])
})

test('node statistics and totals have the recorded shape', async () => {
  const statistics = (await (await fetch(`${host.url}/koekjes.json`)).json()) as Record<string, object>
  const real = recorded('node-statistics') as Record<string, object>
  expect(Object.keys(statistics).sort()).toEqual(Object.keys(real).sort())
  for (const key of ['bw', 'curr', 'loc', 'pkts', 'st', 'streams', 'tot', 'cpu', 'bwlimit']) {
    expect(shapeOf(statistics[key], STREAM_NAME)).toEqual(shapeOf(real[key], STREAM_NAME))
  }
  expect(statistics.streams).toHaveProperty(['live+one', 'curr'], [1, 1, 0, 0])
  const { totals } = (await callApi(host, { totals: {} })) as { totals: { data: unknown[] } }
  const recordedTotals = (recorded('totals') as { totals: { data: unknown[] } }).totals
  expect(Object.keys(totals)).toEqual(expect.arrayContaining(Object.keys(recordedTotals)))
  expect(shapeOf(totals.data[0], STREAM_NAME)).toEqual(shapeOf(recordedTotals.data[0], STREAM_NAME))
})

test('every family of the Prometheus text exists in the recorded one', async () => {
  const real = readFileSync(new URL('../fixtures/prometheus.txt', import.meta.url), 'utf8')
  const families = (text: string) => new Set([...text.matchAll(/^(\w+)[ {]/gm)].map(([, name]) => name))
  const known = families(real)
  const ours = families(await (await fetch(`${host.url}/koekjes`)).text())
  expect([...ours].filter((name) => !known.has(name))).toEqual([])
  expect(ours.size).toBeGreaterThan(10)
})

test('config merges, and triggers replace the whole map', async () => {
  const before = (await callApi(host, { config: {} })).config as Record<string, unknown>
  expect(Object.keys(before).sort()).toEqual(Object.keys((recorded('config') as { config: object }).config).sort())
  const plain = await startMediaHost({ port: 0, http_port: 0, log: createLog('media-host'), seed: 1 })
  onTestFinished(() => plain.stop())
  const entry = (name: string) => ({ [name]: [{ handler: 'http://127.0.0.1:9/', sync: true, onfail: 'deny' }] })
  await callApi(plain, { config: { serverid: 'renamed', triggers: entry('USER_NEW') } })
  const { config } = await callApi(plain, { config: { triggers: entry('PUSH_REWRITE') } })
  expect(config).toMatchObject({ serverid: 'renamed', triggers: entry('PUSH_REWRITE'), prometheus: 'koekjes' })
  const refused = await callApi(plain, { config: { triggers: entry('USER_END') } })
  expect(refused.error).toBe("Invalid onfail action 'deny' for USER_END trigger")
  expect((refused.config as { triggers: object }).triggers).toEqual(entry('PUSH_REWRITE'))
})

test('streams are added and deleted, and the longer API tells more', async () => {
  const added = await callApi(host, { addstream: { extra: { source: 'push://' } } })
  expect(added.streams).toMatchObject({ 'incomplete list': 1, extra: { name: 'extra', source: 'push://' } })
  await callApi(host, { deletestream: 'extra', save: true })
  const all = await callApi(host, {}, '/api')
  expect(Object.keys(all.streams as object)).toEqual(['live'])
  expect(all).toHaveProperty('config.version')
})

test('a command may come as a form or in the query', async () => {
  const command = JSON.stringify({ version: true })
  const form = await fetch(`${host.url}/api2`, { method: 'POST', body: new URLSearchParams({ command }) })
  const query = await fetch(`${host.url}/api2?command=${encodeURIComponent(command)}`)
  expect(await form.json()).toHaveProperty('version.version')
  expect(await query.json()).toHaveProperty('version.version')
})

test('a caller behind a proxy answers the challenge before it is told anything', async () => {
  const accounts = { operator: md5('pass') }
  const guarded = await startMediaHost({ port: 0, http_port: 0, log: createLog('media-host'), seed: 1, accounts })
  onTestFinished(() => guarded.stop())
  const call = async (authorize?: object) => {
    const headers = { 'Content-Type': 'application/json', 'X-Forwarded-For': '192.0.2.1', Connection: 'close' }
    const body = JSON.stringify({ version: true, authorize })
    return (await (await fetch(`${guarded.url}/api2`, { method: 'POST', headers, body })).json()) as {
      authorize: { challenge: string; status: string }
    }
  }
  const challenged = await call()
  expect(shapeOf(challenged, STREAM_NAME)).toEqual(shapeOf(recorded('unauthorized'), STREAM_NAME))
  const { challenge } = challenged.authorize
  expect(await call({ username: 'operator', password: md5(md5('wrong') + challenge) })).not.toHaveProperty('version')
  const password = md5(md5('pass') + challenge)
  expect(await call({ username: 'operator', password })).toMatchObject({ authorize: { status: 'OK' }, version: {} })
})

test('a request that is too large is refused', async () => {
  const body = ' '.repeat(API_BODY_BYTES_MAX + 1)
  expect((await fetch(`${host.url}/api2`, { method: 'POST', body })).status).toBe(413)
})
