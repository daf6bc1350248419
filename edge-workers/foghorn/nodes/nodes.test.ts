import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../shared/clock.ts'
import {
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_STALE_MS,
  HEARTBEAT_STREAMS_MAX,
  HeartbeatAnswer,
  OUTPUTS_MAX,
  STREAM_NAME_CHARS_MAX,
  TAGS_MAX,
} from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { createKey } from '../../../shared/identity/key.ts'
import { createSigner, NODE_TOKEN_SECONDS, signNodeToken } from '../../../shared/identity/signer.ts'
import { newId } from '../../../shared/ids.ts'
import { type Answer, addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { heartbeat, live } from '../testing/hosts.ts'
import { CLUSTER_HOSTS_MAX, HOST_FORGET_MS } from './limits.ts'

/** Longer than a picture of a cluster lasts. */
const EVENTUALLY = { timeout: 10_000 }

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

async function refusal(answer: Answer): Promise<string> {
  const { status, code } = Problem.parse(await answer.json())
  return `${status} ${code}`
}

function beatAs(token: string | undefined, nodeId: string, body: unknown = heartbeat()): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
  const init = { method: 'POST', headers, body: JSON.stringify(body) }
  return foghorn.edge.fetch(`http://foghorn.test/nodes/${nodeId}/heartbeat`, init)
}

test('a heartbeat is answered with when to send the next', async () => {
  const answer = await foghorn.beat({ clusterId: newId('cluster') })
  expect(HeartbeatAnswer.parse(await answer.json())).toEqual({
    interval_ms: HEARTBEAT_INTERVAL_MS,
    stale_after_ms: HEARTBEAT_STALE_MS,
  })
})

test('only a host may speak, and only for itself', async () => {
  const { identities } = foghorn
  const [clusterId, nodeId] = [newId('cluster'), newId('node')]
  expect(await refusal(await beatAs(undefined, nodeId))).toBe('401 unauthenticated')
  expect(await refusal(await beatAs(await identities.user(newId('tenant')), nodeId))).toBe('403 forbidden')
  expect(await refusal(await beatAs(await identities.service('decklog', 'foghorn'), nodeId))).toBe('403 forbidden')
  expect(await refusal(await beatAs(await identities.node(clusterId), nodeId))).toBe('403 not_your_node')
  expect((await beatAs(await identities.node(clusterId, nodeId), nodeId)).status).toBe(200)
})

test('a heartbeat counts once: not again, not after a later one, not by an earlier run, not after a restart of ours', async () => {
  const node = { clusterId: newId('cluster'), nodeId: newId('node') }
  const [earlier, run] = [crypto.randomUUID(), crypto.randomUUID()]
  const beat = async (of: string, number: number) => {
    const answer = await foghorn.beat(node, { order: { run: of, number } })
    return answer.ok ? 'taken' : refusal(answer)
  }
  expect(await beat(earlier, 5)).toBe('taken')
  expect(await beat(run, 0)).toBe('taken')
  expect(await beat(run, 1)).toBe('taken')
  for (const number of [0, 1]) expect(await beat(run, number)).toBe('409 heartbeat_replayed')
  expect(await beat(earlier, 6)).toBe('409 heartbeat_replayed')
  await foghorn.restart()
  expect(await beat(run, 1)).toBe('409 heartbeat_replayed')
  expect(await beat(run, 2)).toBe('taken')
})

test('a host whose token is over, or made by another key, is not heard', async () => {
  const node = { sub: newId('node'), cluster_id: newId('cluster') }
  const longAgo = () => new Date(Date.now() - 2 * NODE_TOKEN_SECONDS * 1000)
  const expired = await signNodeToken(createSigner(foghorn.identities.keyOf('quartermaster'), longAgo), node)
  const forged = await signNodeToken(createSigner(await createKey('quartermaster'), systemClock), node)
  const othersKey = await signNodeToken(createSigner(foghorn.identities.keyOf('commodore'), systemClock), node)
  for (const token of [expired, forged, othersKey]) {
    expect(await refusal(await beatAs(token, node.sub))).toMatch(/^401 /)
  }
})

test('the token says which cluster a host serves, whatever its body claims', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const nodeId = newId('node')
  const token = await foghorn.identities.node(newId('cluster'), nodeId)
  const claim = { ...heartbeat(onAir), cluster_id: clusterId }
  expect((await beatAs(token, nodeId, claim)).status).toBe(200)
  expect(await refusal(await foghorn.get(`/play/${playbackId}`))).toBe('503 no_host')
})

test.each([
  ['a host with a line break', { host: 'edge\r\nlocation: x' }],
  ['a host with a path', { host: 'edge.example/evil' }],
  ['a template with a line break', { outputs: { HLS: 'http://HOST/$\r\nx: y' } }],
  ['a processor beyond full', { cpu_percent: 101 }],
  ['a place off the globe', { location: { latitude: 91, longitude: 0 } }],
  [
    'too many outputs',
    { outputs: Object.fromEntries(Array.from({ length: OUTPUTS_MAX + 1 }, (_, n) => [`O${n}`, 'x'])) },
  ],
  ['a tag with a space', { tags: ['a tag'] }],
  ['too many tags', { tags: Array.from({ length: TAGS_MAX + 1 }, (_, n) => `tag${n}`) }],
  ['too many streams', { streams: Array.from({ length: HEARTBEAT_STREAMS_MAX + 1 }, (_, n) => live(`live+${n}`)) }],
])('%s is refused', async (_, changes) => {
  expect(await refusal(await foghorn.beat({ clusterId: newId('cluster') }, changes))).toBe('400 invalid_input')
})

test('the fullest heartbeat fits', async () => {
  const name = (n: number) => `live+${n}`.padEnd(STREAM_NAME_CHARS_MAX, 'x')
  const streams = Array.from({ length: HEARTBEAT_STREAMS_MAX }, (_, n) => ({ ...live(name(n)), viewers: 10_000 }))
  expect((await foghorn.beat({ clusterId: newId('cluster') }, { streams })).status).toBe(200)
})

test('a host of an older version, which tells less of itself, is heard', async () => {
  const { tags: _tags, viewers: _viewers, ingress_bytes_per_second: _ingress, ...older } = heartbeat()
  const [clusterId, nodeId] = [newId('cluster'), newId('node')]
  expect((await beatAs(await foghorn.identities.node(clusterId, nodeId), nodeId, older)).status).toBe(200)
})

test('a host that starts to drain takes no more viewers, and does again when it stops', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const node = { clusterId, nodeId: newId('node') }
  const play = async () => (await foghorn.get(`/play/${playbackId}`)).status
  await foghorn.beat(node, onAir)
  await expect.poll(play, EVENTUALLY).toBe(307)
  await foghorn.beat(node, { draining: true, ...onAir })
  await expect.poll(play, EVENTUALLY).toBe(503)
  await foghorn.beat(node, onAir)
  await expect.poll(play, EVENTUALLY).toBe(307)
})

test('hosts are known after a restart, until they have been silent for too long', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  await foghorn.restart()
  expect((await foghorn.get(`/play/${playbackId}`)).status).toBe(307)
  await restartWith((kept) => kept.prepare(SILENCE).run(HEARTBEAT_STALE_MS + 1))
  expect(await refusal(await foghorn.get(`/play/${playbackId}`))).toBe('503 no_host')
})

test('a full cluster takes another host only when one was silent for long', async () => {
  const clusterId = newId('cluster')
  await foghorn.beat({ clusterId }, { host: 'first.example' })
  await restartWith((kept) => kept.prepare(COPIES).run(CLUSTER_HOSTS_MAX - 2, '%first.example%'))
  expect((await foghorn.beat({ clusterId })).status).toBe(200)
  expect(await refusal(await foghorn.beat({ clusterId }))).toBe('409 cluster_full')
  await restartWith((kept) => kept.prepare(SILENCE).run(HOST_FORGET_MS + 1))
  expect((await foghorn.beat({ clusterId })).status).toBe(200)
})

/** What a cluster kept, as it would be after so many ms without a word. */
const SILENCE = 'UPDATE hosts SET seen_at_ms = seen_at_ms - ?'
/** So many more hosts like the one that the pattern finds. */
const COPIES = `WITH RECURSIVE copies (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM copies WHERE number < ?)
  INSERT INTO hosts SELECT node_id || number, seen_at_ms, heartbeat FROM hosts, copies WHERE heartbeat LIKE ?`

/** Restarts Foghorn with a change to what each of its clusters kept. */
async function restartWith(change: (kept: DatabaseSync) => void): Promise<void> {
  const files = await readdir(foghorn.dataPath, { recursive: true })
  const paths = files.filter((file) => file.endsWith('.sqlite')).map((file) => join(foghorn.dataPath, file))
  await foghorn.restart(() => {
    for (const path of paths) {
      using database = new DatabaseSync(path)
      const tables = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'hosts'").all()
      if (tables.length > 0) change(database)
    }
  })
}
