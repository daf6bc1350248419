import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../../shared/http/problem.ts'
import { newId } from '../../shared/ids.ts'
import type { Door } from '../../shared/testing/api.ts'
import { expectNoBreakage } from '../../shared/testing/hostile.ts'
import { operationsOf } from '../../shared/testing/operations.ts'
import { addStream, type Foghorn, startFoghorn } from '../../stacks/local/edge/testing/foghorn.ts'
import { heartbeat } from './testing/hosts.ts'

const RUNS = 400
/** The ways in which a well asked question may meet no host. */
const NO_HOST = new Set(['no_host', 'hosts_full'])

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn({ TRUSTED_PROXIES: '1' })
})
afterAll(() => foghorn[Symbol.asyncDispose]())

const door: Door = {
  fetch: async (request) => {
    const { method, headers } = request
    const body = request.body === null ? null : await request.text()
    const answer = await foghorn.edge.fetch(request.url, { method, headers: [...headers], body, redirect: 'manual' })
    return new Response(answer.status < 300 || answer.status >= 400 ? await answer.text() : null, {
      status: answer.status,
    })
  },
}

test('no input breaks any operation, and none is answered as its document does not say', {
  timeout: 120_000,
}, async () => {
  const clusterId = newId('cluster')
  const tenantId = newId('tenant')
  foghorn.quartermaster.owned.set(tenantId, [{ cluster_id: clusterId, name: 'edge', kind: 'private' }])
  const node = await foghorn.identities.node(clusterId)
  const tokens: Record<string, string> = {
    node,
    service: await foghorn.identities.service('commodore', 'foghorn'),
    'tenant or node': await foghorn.identities.user(tenantId),
  }
  const command = { kind: 'terminate_stream', runtime_name: 'live+regatta' }
  const bodies: Record<string, Record<string, unknown>> = {
    'POST /nodes/{id}/heartbeat': heartbeat(),
    'POST /nodes/{id}/commands': { cluster_id: clusterId, command },
    'POST /clusters/{id}/commands': { command },
  }
  for (const { line, auth, statuses } of await operationsOf(door)) {
    await expectNoBreakage(door, { line, body: bodies[line], token: tokens[auth], statuses })
  }
})

test('no path, query or header makes a door fail', { timeout: 120_000 }, async () => {
  const { playbackId, clusterId, internal, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  const tenantId = newId('tenant')
  foghorn.quartermaster.owned.set(tenantId, [{ cluster_id: clusterId, name: 'edge', kind: 'private' }])
  const tokens = [await foghorn.identities.node(clusterId), await foghorn.identities.user(tenantId), 'fw_none', 'x']
  const nasty = fc.oneof(
    fc.constantFrom(
      '',
      '%',
      '%00',
      '%ff',
      '..',
      '+',
      '$',
      '*',
      'NaN',
      '-1',
      '1e999',
      '{"a":1}',
      '{',
      'HLS',
      '__proto__',
      'x'.repeat(3000),
    ),
    fc.constantFrom(playbackId, `live+${internal}`, clusterId, 'edge1.example', 'index.m3u8', 'm3u8', 'whip', 'srt'),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed())),
  )
  const names = [
    'proto',
    'lat',
    'lon',
    'tag_adjust',
    'source',
    'fallback',
    'ingest',
    'host',
    'viewers',
    'stream',
    'streamstats',
  ]
  const more = ['weights', 'lstserver', 'addserver', 'delserver', 'cluster', 'protocol', 'token', 'tkn', 'a']
  const pairs = fc.array(fc.tuple(fc.constantFrom(...names, ...more), nasty), { maxLength: 4 })
  const header = fc.tuple(
    fc.constantFrom('accept', 'x-latitude', 'x-longitude', 'x-tag-adjust', 'x-forwarded-for', 'content-type', 'origin'),
    fc.stringMatching(/^[\x21-\x7e]{0,60}$/),
  )
  const inputs = fc.record({
    method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE'),
    door: fc.constantFrom('', 'play/', 'ingest/'),
    parts: fc.array(nasty, { maxLength: 3 }),
    pairs,
    headers: fc.array(header, { maxLength: 3 }),
    token: fc.option(fc.constantFrom(...tokens), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(inputs, async ({ method, door, parts, pairs, headers, token }) => {
      const search = pairs.map(([name, value]) => `${name}=${value}`).join('&')
      const path = `/${door}${parts.join('/')}?${search}`
      const sent = { ...Object.fromEntries(headers), ...(token && { authorization: `Bearer ${token}` }) }
      const answer = await foghorn.get(path, { method, headers: sent })
      const text = await answer.text()
      if (answer.status < 500) return
      if (method === 'HEAD') expect(answer.status).toBe(503)
      else expect([answer.status, NO_HOST.has(Problem.parse(JSON.parse(text)).code)], path).toEqual([503, true])
    }),
    { numRuns: RUNS },
  )
})
