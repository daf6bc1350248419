import { afterAll, beforeAll, expect, test } from 'vitest'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { live } from '../testing/hosts.ts'

/** Decisions are told after the answer, in batches. */
const EVENTUALLY = { timeout: 10_000 }

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

interface Asker {
  clusterId: string
  nodeId?: string
}

async function ask({ clusterId, nodeId = newId('node') }: Asker, query: Record<string, string>) {
  const authorization = `Bearer ${await foghorn.identities.node(clusterId, nodeId)}`
  return foghorn.get(`/?${new URLSearchParams(query)}`, { headers: { authorization } })
}

async function sourceOf(asker: Asker, source: string, rest: Record<string, string> = {}): Promise<string> {
  const answer = await ask(asker, { source, ...rest })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  return answer.text()
}

test('a host pulls from the one that has the stream from its publisher, on its own port or the usual one', async () => {
  const { clusterId, internal, onAir } = addStream(foghorn)
  const name = `live+${internal}`
  await foghorn.beat({ clusterId }, { host: 'idle.example' })
  await foghorn.beat({ clusterId }, { host: 'copy.example', streams: [{ ...live(name), replica: true }] })
  expect(await sourceOf({ clusterId }, name)).toBe('FULL')
  const origin = { clusterId, nodeId: newId('node') }
  await foghorn.beat(origin, { host: 'origin.example', ...onAir })
  await expect.poll(() => sourceOf({ clusterId }, name), EVENTUALLY).toBe('dtsc://origin.example:4200')
  await foghorn.beat(origin, { host: 'origin.example', outputs: { DTSC: 'dtsc://HOST:4300/$' }, ...onAir })
  await expect.poll(() => sourceOf({ clusterId }, name), EVENTUALLY).toBe('dtsc://origin.example:4300')
})

test('nobody pulls from itself, so no two hosts pull from each other', async () => {
  const { clusterId, internal, onAir } = addStream(foghorn)
  const [first, second] = [newId('node'), newId('node')]
  await foghorn.beat({ clusterId, nodeId: first }, { host: 'first.example', ...onAir })
  expect(await sourceOf({ clusterId, nodeId: first }, `live+${internal}`)).toBe('FULL')
  const copy = { streams: [{ ...live(`live+${internal}`), replica: true }] }
  await foghorn.beat({ clusterId, nodeId: second }, { host: 'second.example', ...copy })
  expect(await sourceOf({ clusterId, nodeId: first }, `live+${internal}`)).toBe('FULL')
  expect(await sourceOf({ clusterId, nodeId: second }, `live+${internal}`)).toBe('dtsc://first.example:4200')
})

test('a stream is found in any cluster of its tenant, and the asker’s place counts', async () => {
  const clusters = [newId('cluster'), newId('cluster')]
  const [near = '', far = ''] = clusters
  const { internal, onAir } = addStream(foghorn, clusters)
  const [amsterdam, newYork] = [
    { latitude: 52.37, longitude: 4.9 },
    { latitude: 40.7, longitude: -74 },
  ]
  await foghorn.beat({ clusterId: far }, { host: 'nyc.example', location: newYork, ...onAir })
  const asker = { clusterId: near, nodeId: newId('node') }
  await foghorn.beat(asker, { location: amsterdam })
  expect(await sourceOf(asker, `live+${internal}`)).toBe('dtsc://nyc.example:4200')
  await foghorn.beat({ clusterId: far }, { host: 'ams.example', location: amsterdam, ...onAir })
  await expect.poll(() => sourceOf(asker, `live+${internal}`), EVENTUALLY).toBe('dtsc://ams.example:4200')
  const nearNewYork = { lat: '40.7', lon: '-74' }
  expect(await sourceOf({ clusterId: near }, `live+${internal}`, nearNewYork)).toBe('dtsc://nyc.example:4200')
})

test('a host learns nothing of streams that its cluster does not serve', async () => {
  const { clusterId, internal, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, onAir)
  const stranger = { clusterId: newId('cluster') }
  expect(await sourceOf(stranger, `live+${internal}`)).toBe('FULL')
  expect(await sourceOf(stranger, 'live+nobody')).toBe('FULL')
  expect(await sourceOf(stranger, `live+${'x'.repeat(200)}`)).toBe('FULL')
})

test('without a source the fallback is answered, as text and nothing else', async () => {
  const asker = { clusterId: newId('cluster') }
  expect(await sourceOf(asker, 'live+nobody', { fallback: 'dtsc://origin.example' })).toBe('dtsc://origin.example')
  for (const fallback of ['a\r\nset-cookie: x', 'x'.repeat(600), '\u0000']) {
    const answer = await ask(asker, { source: 'live+nobody', fallback })
    expect(Problem.parse(await answer.json()).code).toBe('invalid_input')
  }
})

test('while Commodore is away a stream that was just found is still found, another is not ruled out', async () => {
  const { clusterId, internal, onAir } = addStream(foghorn)
  await foghorn.beat({ clusterId }, { host: 'origin.example', ...onAir })
  await sourceOf({ clusterId }, `live+${internal}`)
  await foghorn.commodore.down()
  try {
    expect(await sourceOf({ clusterId }, `live+${internal}`)).toBe('dtsc://origin.example:4200')
    expect((await ask({ clusterId }, { source: 'live+other' })).status).toBe(503)
  } finally {
    await foghorn.commodore.up()
  }
})

test('Decklog is told from where a host pulls, and cannot hold it up', async () => {
  const { clusterId, internal, onAir } = addStream(foghorn)
  const nodeId = newId('node')
  await foghorn.beat({ clusterId, nodeId }, onAir)
  const release = foghorn.decklog.hold()
  try {
    await sourceOf({ clusterId }, `live+${internal}`)
  } finally {
    release()
  }
  const told = () => foghorn.decklog.events().filter(({ stream_name }) => stream_name === `live+${internal}`)
  await expect.poll(told, EVENTUALLY).toHaveLength(1)
  expect(told()[0]?.data).toMatchObject({
    purpose: 'source',
    outcome: 'chosen',
    chosen_node_id: nodeId,
    protocol: null,
  })
})
