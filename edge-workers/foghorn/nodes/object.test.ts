import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlayAnswer } from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import type { Overview } from '../cluster/cluster-state.ts'
import { BANDWIDTH_RATIO_MAX, VIEWER_BYTES_DEFAULT } from '../decision/usage.ts'

/** Longer than a picture of a cluster lasts. */
const EVENTUALLY = { timeout: 10_000 }
const ISOLATES = 2

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn({ entry: 'edge-workers/foghorn/testing/fickle-worker.ts', isolates: ISOLATES })
})
afterAll(() => foghorn[Symbol.asyncDispose]())

/** A request as it comes to one of the isolates. */
async function ask(isolate: number, path: string) {
  const fetch = await foghorn.edge.fetchFrom(isolate)
  const headers = { accept: 'application/json' }
  return fetch(`http://foghorn.test${path}`, { redirect: 'manual', headers })
}

async function overview(clusterId: string): Promise<Overview> {
  return (await (await ask(0, `/testing/${clusterId}/overview`)).json()) as Overview
}

async function pendingOf(clusterId: string): Promise<number> {
  const { hosts } = await overview(clusterId)
  return hosts.reduce((sum, { pending_viewers }) => sum + pending_viewers, 0)
}

async function refusal(isolate: number, path: string): Promise<string> {
  const answer = await ask(isolate, path)
  if (answer.status < 400) return String(answer.status)
  const { status, code } = Problem.parse(await answer.json())
  return `${status} ${code}`
}

/** A host with room for so many viewers. */
function room(viewers: number) {
  return {
    egress_bytes_per_second: 0,
    bandwidth_limit_bytes_per_second: Math.ceil(((viewers + 0.5) * VIEWER_BYTES_DEFAULT) / BANDWIDTH_RATIO_MAX),
  }
}

test('two isolates fill a host together and not each by itself, until it reports who came', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const node = { clusterId, nodeId: newId('node') }
  await foghorn.beat(node, { ...room(4), ...onAir })
  for (const isolate of [0, 0, 1, 1]) expect(await refusal(isolate, `/play/${playbackId}`)).toBe('200')
  await expect.poll(() => pendingOf(clusterId), EVENTUALLY).toBe(4)
  for (const isolate of [0, 1]) {
    await expect.poll(() => refusal(isolate, `/play/${playbackId}`), EVENTUALLY).toBe('503 hosts_full')
  }
  await foghorn.beat(node, { ...room(4), ...onAir, viewers: 100 })
  for (const isolate of [0, 1]) {
    await expect.poll(() => refusal(isolate, `/play/${playbackId}`), EVENTUALLY).toBe('200')
  }
})

test('a cluster is told of its viewers within moments though nobody asks again, and why they were sent where they were', async () => {
  const { playbackId, clusterId, internal, onAir } = addStream(foghorn)
  const nodeId = newId('node')
  await foghorn.beat({ clusterId, nodeId }, onAir)
  expect((await ask(0, `/play/${playbackId}/srt`)).status).toBe(200)
  await expect.poll(() => pendingOf(clusterId), EVENTUALLY).toBe(1)
  const { recent } = await overview(clusterId)
  expect(recent).toMatchObject([
    { outcome: 'sent', node_id: nodeId, stream: `live+${internal}`, playback_id: playbackId, protocol: 'srt' },
  ])
})

test('an evicted object knows its hosts again, and is told again of the viewers under way', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'edge3.example', ...onAir })
  expect((await ask(1, `/play/${playbackId}`)).status).toBe(200)
  await expect.poll(() => pendingOf(clusterId), EVENTUALLY).toBe(1)
  await ask(0, `/testing/${clusterId}/evicted`)
  const { hosts } = await overview(clusterId)
  expect(hosts).toMatchObject([{ heartbeat: { host: 'edge3.example' }, pending_viewers: 0 }])
  await ask(1, `/play/${playbackId}`)
  await expect.poll(() => pendingOf(clusterId), EVENTUALLY).toBe(2)
})

test('while the object is out of reach viewers go on by what was known, and strangers to it are refused', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'edge4.example', ...onAir })
  expect((await ask(0, `/play/${playbackId}`)).status).toBe(200)
  await ask(0, `/testing/${clusterId}/away`)
  await expect.poll(() => refusal(1, `/play/${playbackId}`), EVENTUALLY).toBe('503 cluster_unavailable')
  const { candidates } = PlayAnswer.parse(await (await ask(0, `/play/${playbackId}`)).json())
  expect(candidates.map(({ host }) => host)).toEqual(['edge4.example'])
  await ask(0, `/testing/${clusterId}/back`)
  await expect.poll(() => refusal(1, `/play/${playbackId}`), EVENTUALLY).toBe('200')
})

test('who is held out and what weighs how much outlive the object', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'edge5.example', ...onAir })
  const changed = await ask(0, `/testing/${clusterId}/hold/edge5.example`)
  expect(await changed.json()).toHaveLength(1)
  await ask(0, `/testing/${clusterId}/near`)
  await ask(0, `/testing/${clusterId}/evicted`)
  expect(await refusal(0, `/play/${playbackId}`)).toBe('503 hosts_full')
  expect(await overview(clusterId)).toMatchObject({ hosts: [{ held_out: true }], weights: { distance: 5_000 } })
  await ask(0, `/testing/${clusterId}/release/edge5.example`)
  await ask(0, `/testing/${clusterId}/evicted`)
  await expect.poll(() => refusal(0, `/play/${playbackId}`), EVENTUALLY).toBe('200')
})
