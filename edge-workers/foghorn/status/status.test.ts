import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type HostStatus, STATUS_STREAMS_MAX, StatusAnswer } from '../../../shared/contract/foghorn-status.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { buildStatusPage, statusPageFile } from '../../../stacks/local/edge/status-page/build.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { heartbeat } from '../testing/hosts.ts'
import { toHostStatus } from './host-status.ts'

/** Isolates tell clusters what they decided within a second. */
const EVENTUALLY = { timeout: 10_000 }

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn({ entry: 'edge-workers/foghorn/testing/fickle-worker.ts' })
})
afterAll(() => foghorn[Symbol.asyncDispose]())

/** A tenant that runs a cluster, and what a token of it shows. */
function addOwner(name = 'Europe', clusterId = newId('cluster')) {
  const tenantId = newId('tenant')
  foghorn.quartermaster.owned.set(tenantId, [{ cluster_id: clusterId, name, kind: 'private' }])
  const look = async () => StatusAnswer.parse(await (await get(await foghorn.identities.user(tenantId))).json())
  return { tenantId, clusterId, look }
}

const get = (token?: string, accept = 'application/json') =>
  foghorn.get('/status', { headers: { accept, ...(token && { authorization: `Bearer ${token}` }) } })

const refusal = async (token?: string) => {
  const { status, code } = Problem.parse(await (await get(token)).json())
  return `${status} ${code}`
}

test('an owner sees the hosts of its clusters, and nobody else’s', async () => {
  const [mine, theirs] = [addOwner('Mine'), addOwner('Theirs')]
  const { onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId: mine.clusterId }, { host: 'b.example', ...onAir })
  await foghorn.beat({ clusterId: mine.clusterId }, { host: 'a.example', tags: ['4k'] })
  await foghorn.beat({ clusterId: theirs.clusterId }, { host: 'secret.example' })
  const { clusters } = await mine.look()
  expect(clusters).toMatchObject([{ cluster_id: mine.clusterId, name: 'Mine', kind: 'private', reachable: true }])
  expect(clusters[0]?.hosts.map(({ host, tags, streams_total }) => [host, tags, streams_total])).toEqual([
    ['a.example', ['4k'], 0],
    ['b.example', [], 1],
  ])
})

test('who may not look at infrastructure sees nothing', async () => {
  const { tenantId } = addOwner()
  const apiToken = (scopes: 'streams:read' | 'infrastructure:read') => {
    const token = `fw_${crypto.randomUUID()}`
    const maker = { token_id: newId('apiToken'), tenant_id: tenantId, operator: false, expires_at: null }
    foghorn.commodore.apiTokens.set(token, { valid: true, ...maker, scopes: [scopes] })
    return token
  }
  expect(await refusal()).toBe('401 unauthenticated')
  expect(await refusal('rubbish')).toBe('401 token_malformed')
  expect(await refusal(await foghorn.identities.node(newId('cluster')))).toBe('403 forbidden')
  expect(await refusal(await foghorn.identities.service('commodore', 'foghorn'))).toBe('403 forbidden')
  expect(await refusal(apiToken('streams:read'))).toBe('403 forbidden')
  expect((await get(apiToken('infrastructure:read'))).status).toBe(200)
})

test('what was decided of late is shown, newest first, with what it was decided by', async () => {
  const { clusterId, look } = addOwner()
  const { playbackId, internal, onAir } = addStream(foghorn, [clusterId])
  const nodeId = newId('node')
  await foghorn.beat({ clusterId, nodeId }, onAir)
  await foghorn.get(`/play/${playbackId}`)
  await foghorn.get(`/play/${playbackId}/mp3`)
  const cluster = async () => (await look()).clusters[0]
  await expect.poll(async () => (await cluster())?.recent.length, EVENTUALLY).toBe(2)
  const { recent = [], hosts = [] } = (await cluster()) ?? {}
  const asked = { want: 'play', stream: `live+${internal}`, playback_id: playbackId }
  expect(recent).toMatchObject([
    { outcome: 'refused', ...asked, protocol: 'mp3', reason: 'protocol_absent' },
    { outcome: 'sent', ...asked, protocol: 'hls', node_id: nodeId, distance_km: null },
  ])
  const [, sent] = recent
  if (sent?.outcome !== 'sent') throw new Error('nobody was sent')
  expect(Object.values(sent.score_parts).reduce((sum, part) => sum + part, 0)).toBeCloseTo(sent.score, 6)
  expect(hosts).toMatchObject([{ pending_viewers: 1, reasons: [] }])
  expect(hosts[0]?.pending_bytes_per_second).toBeGreaterThan(0)
})

test('a cluster that does not answer is shown to be so, and hides none of the others', async () => {
  const { tenantId, clusterId, look } = addOwner()
  const other = { cluster_id: newId('cluster'), name: 'Other', kind: 'private' as const }
  const own = foghorn.quartermaster.owned.get(tenantId) ?? []
  foghorn.quartermaster.owned.set(tenantId, [...own, other])
  for (const id of [clusterId, other.cluster_id]) await foghorn.beat({ clusterId: id })
  await foghorn.get(`/testing/${clusterId}/away`)
  const { clusters } = await look()
  expect(clusters.map(({ reachable, hosts }) => [reachable, hosts.length])).toEqual([
    [false, 0],
    [true, 1],
  ])
})

const overview = {
  node_id: newId('node'),
  viewers: 0,
  held_out: false,
  pending_viewers: 0,
  pending_bytes_per_second: 0,
}

test.each<[string, Parameters<typeof heartbeat>[0], object, HostStatus['reasons']]>([
  ['open', {}, {}, []],
  ['silent', {}, { age_ms: 15_001 }, ['stale']],
  ['unhealthy and draining', { healthy: false, draining: true }, {}, ['unhealthy', 'draining']],
  ['held out', { draining: true }, { held_out: true }, ['held_out']],
  ['without figures', { cpu_percent: null }, {}, ['statistics_missing']],
  ['full of memory', { memory_used_bytes: 990_000 }, {}, ['memory_full']],
  ['busy', { cpu_percent: 95 }, {}, ['cpu_busy']],
  ['full', { cpu_percent: 99 }, {}, ['cpu_full']],
  ['full of those on the way', {}, { pending_bytes_per_second: 120_000_000 }, ['bandwidth_full']],
])('a host is shown as %s for its reasons', (_, changes, more, reasons) => {
  expect(toHostStatus({ ...overview, age_ms: 0, ...more, heartbeat: heartbeat(changes) }).reasons).toEqual(reasons)
})

test('of a host’s streams those with the most viewers are shown, and all are counted', () => {
  const streams = Array.from({ length: STATUS_STREAMS_MAX + 5 }, (_, n) => ({
    name: `live+s${n}`,
    viewers: n,
    inputs: 1,
    replica: false,
    sent: 7,
  }))
  const shown = toHostStatus({ ...overview, age_ms: 0, heartbeat: heartbeat({ streams }) })
  expect(shown.streams_total).toBe(STATUS_STREAMS_MAX + 5)
  expect(shown.streams).toHaveLength(STATUS_STREAMS_MAX)
  expect(shown.streams[0]).toEqual({ name: `live+s${STATUS_STREAMS_MAX + 4}`, viewers: 24, inputs: 1, replica: false })
})

test('people get a page, programs get JSON, and MistUtilLoad’s users what they ask for', async () => {
  const type = async (path: string, accept: string) =>
    (await foghorn.get(path, { headers: { accept } })).headers.get('content-type')?.split(';')[0]
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  for (const path of ['/', '/status']) expect(await type(path, browser)).toBe('text/html')
  for (const accept of ['*/*', 'application/json', 'application/json, text/html']) {
    expect(await type('/', accept)).toBe('application/problem+json')
    expect(await type('/status', accept)).toBe('application/problem+json')
  }
  expect(await type('/?lstserver=1', browser)).toBe('application/problem+json')
  const page = await foghorn.get('/', { headers: { accept: browser } })
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toMatch(/default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'/)
  expect(policy).not.toContain('unsafe')
  expect(page.headers.get('vary')).toContain('accept')
})

test('the page is what its sources make', async () => {
  expect(await readFile(statusPageFile, 'utf8')).toBe(await buildStatusPage())
})
