import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { randomCode } from '../../../shared/random.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { live } from '../testing/hosts.ts'

/** Longer than a picture of a cluster lasts. */
const EVENTUALLY = { timeout: 10_000 }

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

/** A tenant that runs one cluster, and what it asks about it. */
async function addTenant(clusterIds: readonly string[] = [newId('cluster')]) {
  const tenantId = newId('tenant')
  const clusters = clusterIds.map((cluster_id) => ({ cluster_id, name: 'edge', kind: 'private' as const }))
  foghorn.quartermaster.owned.set(tenantId, clusters)
  const token = await foghorn.identities.user(tenantId)
  const [clusterId = ''] = clusterIds
  return {
    tenantId,
    clusterId,
    token,
    beat: (changes: Partial<Heartbeat>, nodeId?: string) =>
      foghorn.beat({ clusterId, ...(nodeId !== undefined && { nodeId }) }, changes),
    ask: (query: string, as = token) => ask(query, as),
  }
}

/** The status with the code of a refusal, or the answer: JSON as what it says. */
async function ask(query: string, token?: string, method = 'GET'): Promise<unknown> {
  const answer = await foghorn.get(`/${query}`, {
    method,
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
  })
  const text = await answer.text()
  if (answer.status >= 400) return `${answer.status} ${Problem.parse(JSON.parse(text)).code}`
  return answer.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text
}

/** What MistUtilLoad answered when it was recorded. */
function recorded(name: string): unknown {
  const text = readFileSync(new URL(`../fixtures/load-balancer/${name}.txt`, import.meta.url), 'utf8')
  return JSON.parse(text.slice(text.search(/\r?\n\r?\n/)).trim())
}

/** The names and kinds of what a value holds, its own values left out. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]))
}

test('a host’s state has the names and kinds that MistUtilLoad gives it', async () => {
  const { beat, ask } = await addTenant()
  const streams = [{ ...live('live+a'), viewers: 6 }, live('live+b')]
  await beat({
    host: 'e.example',
    streams,
    viewers: 9,
    egress_bytes_per_second: 826_794,
    ingress_bytes_per_second: 108_181,
  })
  const state = await ask('?host=e.example')
  const known = { ...(shapeOf(recorded('host-named')) as object), geo: { lat: 'number', lon: 'number' } }
  expect(shapeOf(state)).toEqual(known)
  expect(state).toEqual({
    bwlimit: 125_000_000,
    cpu: 20,
    down: 108_181,
    geo: { lat: 52.37, lon: 4.9 },
    ram: 30,
    score: { bw: 993, cpu: 400, ram: 350 },
    streams: 2,
    up: 826_794,
    up_add: 0,
    viewers: 9,
  })
  expect(await ask('')).toEqual({ 'e.example': state })
  expect(await ask('?host=')).toEqual({ 'e.example': state })
  expect(await ask('?host=other.example')).toBe('404 host_unknown')
})

test('what a host does not know of itself is left out, and is no NaN', async () => {
  const { beat, ask } = await addTenant()
  const nothing = { memory_total_bytes: 0, bandwidth_limit_bytes_per_second: 0, cpu_percent: null, location: null }
  await beat({ host: 'new.example', ...nothing, egress_bytes_per_second: null, tags: ['new'] })
  expect(await ask('?host=new.example')).toEqual({ score: {}, streams: 0, tags: ['new'], up_add: 0, viewers: 0 })
})

test('viewers who are under way are in up_add', async () => {
  const { beat, ask, clusterId } = await addTenant()
  const { playbackId, onAir } = addStream(foghorn, [clusterId])
  await beat({ host: 'e.example', ...onAir })
  expect((await foghorn.get(`/play/${playbackId}`)).status).toBe(307)
  await expect.poll(async () => await ask('?host=e.example'), EVENTUALLY).toMatchObject({ up_add: 131_072 })
})

test('viewers and figures of streams are those of all hosts together, by name or by its beginning', async () => {
  const { beat, ask } = await addTenant()
  const on = (name: string, viewers: number, sent: number) => ({ ...live(name), viewers, sent, received: 5 })
  await beat({
    host: 'a.example',
    streams: [on('live+a', 3, 100), on('live+b', 1, 10)],
    egress_bytes_per_second: 400_000,
  })
  await beat({ host: 'b.example', streams: [on('live+a', 1, 50), on('vod+c', 0, 1)], egress_bytes_per_second: 200_000 })
  expect(await ask('?viewers=*')).toEqual({ 'live+a': 4, 'live+b': 1, 'vod+c': 0 })
  expect(await ask('?viewers=live')).toEqual({ 'live+a': 4, 'live+b': 1 })
  expect(await ask('?viewers=live%2Bb')).toEqual({ 'live+b': 1 })
  expect(await ask('?viewers=liv')).toEqual({})
  expect(await ask('?streamstats=live')).toEqual({ 'live+a': [4, 125_000, 150, 10], 'live+b': [1, 100_000, 10, 5] })
  expect(shapeOf(recorded('streamstats'))).toMatchObject({ 'live+test': ['number', 'number', 'number', 'number'] })
  expect(await ask('?stream=live%2Ba')).toBe('4')
  expect(await ask('?stream=live%2Bnone')).toBe('0')
})

test('a host is held out of balancing and taken back, whatever of its address is written', async () => {
  const { beat, ask, clusterId } = await addTenant()
  const { playbackId, onAir } = addStream(foghorn, [clusterId])
  await beat({ host: 'e.example', ...onAir })
  const host = async () => (await foghorn.get(`/${playbackId}`)).text()
  await expect.poll(host, EVENTUALLY).toBe('e.example')
  expect(await ask('?lstserver=1')).toEqual({ 'e.example': 'Monitored (online)' })
  expect(await ask('?delserver=e.example:4242')).toEqual(recorded('delserver'))
  expect(await ask('?lstserver=1')).toEqual({ 'e.example': 'Offline' })
  expect(await ask('?host=e.example')).toBe('Offline')
  await expect.poll(host, EVENTUALLY).toBe('FULL')
  await foghorn.restart()
  expect(await host()).toBe('FULL')
  await beat({ host: 'e.example', ...onAir })
  expect(await ask('?addserver=http://e.example', undefined)).toEqual({ 'http://e.example': 'Starting monitoring' })
  expect(Object.values(recorded('addserver') as object)).toEqual(['Starting monitoring'])
  await expect.poll(host, EVENTUALLY).toBe('e.example')
})

test('a host that never joined is neither added nor deleted, and it is said how hosts join', async () => {
  const { token } = await addTenant()
  for (const query of ['addserver=new.example', 'delserver=new.example']) {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await foghorn.get(`/?${query}`, { method: 'POST', headers })
    const { status, code, detail } = Problem.parse(await answer.json())
    expect([status, code]).toEqual([404, 'host_unknown'])
    expect(detail).toContain('POST /enrolment-tokens')
  }
})

test('hosts that share an address are told apart by their ids', async () => {
  const { beat, ask } = await addTenant()
  const [first, second] = [newId('node'), newId('node')]
  await beat({ host: 'shared.example' }, first)
  await beat({ host: 'shared.example' }, second)
  expect(await ask('?lstserver=1')).toEqual({ [first]: 'Monitored (online)', [second]: 'Monitored (online)' })
  expect(await ask(`?delserver=${first}`)).toBe('Offline')
  expect(await ask('?lstserver=1')).toEqual({ [first]: 'Offline', [second]: 'Monitored (online)' })
})

test('a host that is not well is shown with an error', async () => {
  const { beat, ask } = await addTenant()
  await beat({ host: 'ill.example', healthy: false })
  expect(await ask('?lstserver=1')).toEqual({ 'ill.example': 'Monitored (error)' })
  expect(await ask('')).toEqual({ 'ill.example': 'Monitored (error)' })
})

test('weights are shown and changed under MistUtilLoad’s names, and decide from then on', async () => {
  const { beat, ask, clusterId } = await addTenant()
  const { playbackId, onAir } = addStream(foghorn, [clusterId])
  await beat({ host: 'idle.example', cpu_percent: 1, egress_bytes_per_second: 60_000_000, ...onAir })
  await beat({ host: 'free.example', cpu_percent: 80, egress_bytes_per_second: 0, ...onAir })
  const defaults = { bonus: 300, bw: 1000, cluster: 200, cpu: 500, geo: 1000, ram: 500 }
  expect(await ask('?weights=1')).toEqual(defaults)
  expect(Object.keys(defaults)).toEqual(expect.arrayContaining(Object.keys(recorded('weights') as object)))
  const host = async () => (await foghorn.get(`/${playbackId}`)).text()
  await expect.poll(host, EVENTUALLY).toBe('free.example')
  const changed = { ...defaults, cpu: 5000 }
  expect(await ask(`?weights=${encodeURIComponent('{"cpu":5000}')}`)).toEqual(changed)
  expect(await ask('?weights=%7B%7D')).toEqual(changed)
  await expect.poll(host, EVENTUALLY).toBe('idle.example')
  for (const weights of ['{"cpu":-1}', '{"cpu":"a"}', '{"speed":1}', '[1]']) {
    expect(await ask(`?weights=${encodeURIComponent(weights)}`), weights).toBe('400 invalid_input')
  }
})

test('of several clusters one may be named, and has to be where their weights differ', async () => {
  const [first, second] = [newId('cluster'), newId('cluster')]
  const { ask } = await addTenant([first, second])
  await foghorn.beat({ clusterId: first }, { host: 'a.example' })
  await foghorn.beat({ clusterId: second }, { host: 'b.example' })
  expect(await ask('?lstserver=1')).toEqual({ 'a.example': 'Monitored (online)', 'b.example': 'Monitored (online)' })
  expect(await ask(`?lstserver=1&cluster=${second}`)).toEqual({ 'b.example': 'Monitored (online)' })
  await ask(`?weights=%7B%22cpu%22%3A1%7D&cluster=${first}`)
  expect(await ask('?weights=1')).toBe('409 clusters_differ')
  expect(await ask(`?weights=1&cluster=${second}`)).toMatchObject({ cpu: 500 })
})

test('a publisher who needs much of a processor gets a host that has it', async () => {
  const { beat, ask } = await addTenant()
  await beat({ host: 'busy.example', cpu_percent: 60, egress_bytes_per_second: 0 })
  await beat({ host: 'half.example', cpu_percent: 50, egress_bytes_per_second: 100_000_000 })
  expect(await ask('?ingest=1.2')).toBe('busy.example')
  expect(await ask('?ingest=40')).toBe('half.example')
  expect(await ask('?ingest=99')).toBe('FULL')
  expect(await ask('?ingest=99&fallback=backup.example')).toBe('backup.example')
})

test('a media host asks about its own cluster, and changes nothing', async () => {
  const { clusterId, beat } = await addTenant()
  await beat({ host: 'e.example' })
  const node = await foghorn.identities.node(clusterId)
  expect(await ask('?lstserver=1', node)).toEqual({ 'e.example': 'Monitored (online)' })
  expect(await ask('?delserver=e.example', node)).toBe('403 forbidden')
  expect(await ask('?weights=%7B%22cpu%22%3A1%7D', node)).toBe('403 forbidden')
})

const readings = ['', '?host', '?viewers=*', '?stream=a', '?streamstats=*', '?lstserver=1', '?weights=1', '?ingest=1']
const writings = ['?addserver=e.example', '?delserver=e.example', '?weights=%7B%22cpu%22%3A1%7D']

test('every listing is for those who may read, every change for those who may write, each about their own', async () => {
  const { clusterId, tenantId, beat } = await addTenant()
  await beat({ host: 'e.example' })
  const other = await addTenant()
  const apiToken = (...scopes: ('infrastructure:read' | 'infrastructure:write' | 'streams:read')[]) => {
    const token = `fw_${randomCode(40)}`
    const known = { valid: true as const, token_id: newId('apiToken'), operator: false, expires_at: null }
    foghorn.commodore.apiTokens.set(token, { ...known, tenant_id: tenantId, scopes })
    return token
  }
  const reader = apiToken('infrastructure:read')
  const writer = apiToken('infrastructure:read', 'infrastructure:write')
  const useless = {
    '401 unauthenticated': undefined,
    '401 api_token_unknown': `fw_${randomCode(40)}`,
    '401 token_invalid': await foghorn.identities.service('commodore', 'decklog'),
    '403 forbidden': await foghorn.identities.service('commodore', 'foghorn'),
  }
  for (const query of [...readings, ...writings]) {
    for (const [refusal, token] of Object.entries(useless)) {
      expect(`${query}: ${String(await ask(query, token)).slice(0, 3)}`).toBe(`${query}: ${refusal.slice(0, 3)}`)
    }
    expect(await ask(query, apiToken('streams:read')), query).toBe('403 forbidden')
    expect(await ask(`${query === '' ? '?' : `${query}&`}cluster=${clusterId}`, other.token), query).toBe(
      '404 cluster_not_found',
    )
  }
  for (const query of writings) {
    expect(await ask(query, reader), query).toBe('403 forbidden')
    expect(await ask(query, await foghorn.identities.user(tenantId, { role: 'viewer' })), query).toBe('403 forbidden')
  }
  for (const query of ['?delserver=e.example', '?addserver=e.example'])
    expect(await ask(query, other.token)).toBe('404 host_unknown')
  for (const query of readings) expect(JSON.stringify(await ask(query, other.token)), query).not.toContain('e.example')
  for (const query of readings) expect(String(await ask(query, reader)), query).not.toMatch(/^4/)
  for (const query of writings) expect(String(await ask(query, writer)), query).not.toMatch(/^4/)
})

test('HEAD asks and changes nothing', async () => {
  const { beat, ask: askAs, token } = await addTenant()
  await beat({ host: 'e.example' })
  const head = (query: string) =>
    foghorn.get(`/${query}`, { method: 'HEAD', headers: { authorization: `Bearer ${token}` } })
  expect((await head('?lstserver=1')).status).toBe(200)
  for (const query of writings) expect((await head(query)).status, query).toBe(405)
  expect(await askAs('?lstserver=1')).toEqual({ 'e.example': 'Monitored (online)' })
})

test('a source is for media hosts alone', async () => {
  const { token } = await addTenant()
  expect(await ask('?source=live%2Ba')).toBe('401 unauthenticated')
  expect(await ask('?source=live%2Ba', token)).toBe('403 forbidden')
})

test('a Quartermaster that is away hides no host behind an empty list', async () => {
  const { token } = await addTenant()
  await foghorn.quartermaster.down()
  try {
    expect(await ask('?lstserver=1', token)).toBe('503 quartermaster_unreachable')
  } finally {
    await foghorn.quartermaster.up()
  }
})
