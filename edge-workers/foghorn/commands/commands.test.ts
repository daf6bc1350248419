import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  CHANNEL_LIFE_MS,
  type Command,
  CommandAnswer,
  channelCloses,
  HOST_FRAME_CHARS_MAX,
} from '../../../shared/contract/commands.ts'
import { HEARTBEAT_STREAMS_MAX, STREAM_NAME_CHARS_MAX } from '../../../shared/contract/foghorn.ts'
import { Problem } from '../../../shared/http/problem.ts'
import { newId } from '../../../shared/ids.ts'
import { addStream, type Foghorn, startFoghorn } from '../../../stacks/local/edge/testing/foghorn.ts'
import { type Channel, openChannel } from '../testing/channel.ts'
import { heartbeat, live } from '../testing/hosts.ts'
import { COMMANDS_PENDING_MAX, isOver } from './limits.ts'

/** Longer than a picture of a cluster lasts. */
const EVENTUALLY = { timeout: 10_000 }
const terminate: Command = { kind: 'terminate_stream', runtime_name: 'live+regatta' }

let foghorn: Foghorn
beforeAll(async () => {
  foghorn = await startFoghorn()
})
afterAll(() => foghorn[Symbol.asyncDispose]())

/** A host of a cluster of its own, and how its cluster is told what to do. */
function addHost() {
  const [clusterId, nodeId] = [newId('cluster'), newId('node')]
  const open = async () => openChannel(foghorn.edge.url, nodeId, await foghorn.identities.node(clusterId, nodeId))
  const tell = (command: Command, rest: object = {}) =>
    post(`/nodes/${nodeId}/commands`, { cluster_id: clusterId, command, wait_ms: 0, ...rest })
  return { clusterId, nodeId, open, tell }
}

async function post(path: string, body: object, token?: string): Promise<CommandAnswerOf[]> {
  const answer = await send(path, body, token)
  return CommandAnswer.parse(await answer.json()).commands
}
type CommandAnswerOf = ReturnType<typeof CommandAnswer.parse>['commands'][number]

async function send(path: string, body: object, token?: string) {
  const bearer = token ?? (await foghorn.identities.service('commodore', 'foghorn'))
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }
  return foghorn.edge.fetch(`http://foghorn.test${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** The commands that came down a channel so far. */
function commandsOf({ frames }: Channel) {
  return frames.flatMap((frame) => (frame.type === 'command' ? [frame] : []))
}

async function firstCommand(channel: Channel) {
  await expect.poll(() => commandsOf(channel).length, EVENTUALLY).toBe(1)
  const [frame] = commandsOf(channel)
  if (frame === undefined) throw new TypeError('no command came')
  return frame
}

test('a host is told what to do, and its answer reaches who waits for it', async () => {
  const { open, tell, nodeId } = addHost()
  const channel = await open()
  const told = tell(terminate, { wait_ms: 5_000 })
  const { id, command, expires_in_ms } = await firstCommand(channel)
  expect(command).toEqual(terminate)
  expect(expires_in_ms).toBeGreaterThan(50_000)
  channel.say({ type: 'outcome', id, status: 'failed', reason: 'still_active' })
  expect(await told).toEqual([{ id, node_id: nodeId, status: 'failed', reason: 'still_active' }])
})

test('a command waits for a host that is away, through a restart, and is told until it is answered', async () => {
  const { open, tell } = addHost()
  const id = crypto.randomUUID()
  expect(await tell(terminate, { id })).toMatchObject([{ status: 'pending' }])
  await foghorn.restart()
  const first = await open()
  await firstCommand(first)
  first.close()
  await first.closed
  const second = await open()
  const frame = await firstCommand(second)
  expect(frame.expires_in_ms).toBeLessThan(60_000)
  second.say({ type: 'outcome', id: frame.id, status: 'done', reason: null })
  await expect.poll(() => tell(terminate, { id }), EVENTUALLY).toMatchObject([{ id: frame.id, status: 'done' }])
  expect(commandsOf(second)).toHaveLength(1)
})

test('the first answer counts, and only of the host that was told', async () => {
  const [asked, other] = [addHost(), addHost()]
  const id = crypto.randomUUID()
  await asked.tell(terminate, { id })
  const channel = await asked.open()
  const frame = await firstCommand(channel)
  const stranger = await openChannel(
    foghorn.edge.url,
    other.nodeId,
    await foghorn.identities.node(asked.clusterId, other.nodeId),
  )
  stranger.say({ type: 'outcome', id: frame.id, status: 'done', reason: null })
  stranger.say({ type: 'heartbeat', heartbeat: heartbeat() })
  await expect.poll(() => stranger.frames.length).toBe(1)
  expect(await asked.tell(terminate, { id })).toMatchObject([{ status: 'pending' }])
  channel.say({ type: 'outcome', id: frame.id, status: 'failed', reason: 'mist_unreachable' })
  channel.say({ type: 'outcome', id: frame.id, status: 'done', reason: null })
  await expect.poll(() => asked.tell(terminate, { id })).toMatchObject([{ reason: 'mist_unreachable' }])
})

test('a command that nobody takes in time expires, and who waits is told', async () => {
  const { tell, open } = addHost()
  expect(await tell(terminate, { expires_in_ms: 50, wait_ms: 5_000 })).toMatchObject([{ status: 'expired' }])
  const channel = await open()
  channel.say({ type: 'heartbeat', heartbeat: heartbeat() })
  await expect.poll(() => channel.frames).toEqual([{ type: 'heard', taken: true, reason: null }])
})

test('a host that is far behind gets no further commands', async () => {
  const { tell } = addHost()
  const told = await Promise.all(Array.from({ length: COMMANDS_PENDING_MAX }, () => tell(terminate)))
  expect(told.flat().every(({ status }) => status === 'pending')).toBe(true)
  expect(await tell(terminate)).toMatchObject([{ status: 'failed', reason: 'queue_full' }])
})

test('a heartbeat through the channel counts like any other, at its fullest', async () => {
  const { playbackId, clusterId, onAir } = addStream(foghorn)
  const nodeId = newId('node')
  const channel = await openChannel(foghorn.edge.url, nodeId, await foghorn.identities.node(clusterId, nodeId))
  channel.say({ type: 'heartbeat', heartbeat: heartbeat(onAir) })
  await expect.poll(() => channel.frames).toEqual([{ type: 'heard', taken: true, reason: null }])
  expect((await foghorn.get(`/play/${playbackId}`)).status).toBe(307)
  const streams = Array.from({ length: HEARTBEAT_STREAMS_MAX }, (_, n) => {
    return { ...live(`live+${n}`.padEnd(STREAM_NAME_CHARS_MAX, 'x')), viewers: 10_000 }
  })
  channel.say({ type: 'heartbeat', heartbeat: heartbeat({ streams }) })
  await expect.poll(() => channel.frames.length).toBe(2)
})

test('all hosts of a cluster that have the stream are told, a push only where it comes in', async () => {
  const clusterId = newId('cluster')
  const [origin, copy, other] = [newId('node'), newId('node'), newId('node')]
  await foghorn.beat({ clusterId, nodeId: origin }, { streams: [live('live+regatta')] })
  await foghorn.beat({ clusterId, nodeId: copy }, { streams: [{ ...live('live+regatta'), replica: true }] })
  await foghorn.beat({ clusterId, nodeId: other }, { streams: [live('live+other')] })
  const tell = async (command: Command) => {
    const told = await post(`/clusters/${clusterId}/commands`, { command, wait_ms: 0 })
    return told.map(({ node_id }) => node_id).sort()
  }
  expect(await tell(terminate)).toEqual([origin, copy].sort())
  const target = 'rtmp://live.example/app/secret'
  expect(await tell({ kind: 'start_push', runtime_name: 'live+regatta', target })).toEqual([origin])
  expect(await tell({ kind: 'stop_sessions', runtime_name: 'live+nowhere' })).toEqual([])
})

test('a host drains while its tenant wants that, and no longer', async () => {
  const { open, nodeId, clusterId } = addHost()
  foghorn.quartermaster.modes.set(nodeId, 'draining')
  const channel = await open()
  channel.say({ type: 'heartbeat', heartbeat: heartbeat() })
  expect((await firstCommand(channel)).command).toEqual({ kind: 'drain', on: true })
  const reports = foghorn.quartermaster.reports.filter(({ cluster_id }) => cluster_id === clusterId)
  expect(reports).toMatchObject([{ nodes: [{ node_id: nodeId, healthy: true, reasons: [] }] }])
})

test('a host that drains although nobody wants it is told to stop, and a cluster reports no more often than it may', async () => {
  const { open, clusterId, nodeId } = addHost()
  const channel = await open()
  channel.say({ type: 'heartbeat', heartbeat: heartbeat({ draining: true }) })
  channel.say({ type: 'heartbeat', heartbeat: heartbeat({ draining: true }) })
  expect((await firstCommand(channel)).command).toEqual({ kind: 'drain', on: false })
  const reports = foghorn.quartermaster.reports.filter(({ cluster_id }) => cluster_id === clusterId)
  expect(reports).toMatchObject([{ nodes: [{ node_id: nodeId, reasons: ['draining'] }] }])
})

test('a host that opens a second channel loses the first', async () => {
  const { open, tell } = addHost()
  const first = await open()
  const second = await open()
  await expect.poll(first.isOpen).toBe(false)
  await tell(terminate)
  await firstCommand(second)
  expect(commandsOf(first)).toEqual([])
})

test.each([
  ['no JSON', '{'],
  ['a frame of no known type', '{"type":"hello"}'],
  ['a frame that is too long', 'x'.repeat(HOST_FRAME_CHARS_MAX + 1)],
])('%s ends the channel', async (_, text) => {
  const channel = await addHost().open()
  channel.say(text)
  expect(await channel.closed).toBe(channelCloses.unreadable)
})

test('a channel is over after its time, and not before', () => {
  expect(isOver(1_000, 1_000 + CHANNEL_LIFE_MS - 1)).toBe(false)
  expect(isOver(1_000, 1_000 + CHANNEL_LIFE_MS)).toBe(true)
})

test('only a host may open a channel, and only its own', async () => {
  const { identities, edge } = foghorn
  const [clusterId, nodeId] = [newId('cluster'), newId('node')]
  const node = await identities.node(clusterId, newId('node'))
  await expect(openChannel(edge.url, nodeId, node)).rejects.toThrow('403')
  await expect(openChannel(edge.url, nodeId, await identities.user(newId('tenant')))).rejects.toThrow('403')
  await expect(openChannel(edge.url, nodeId, 'x')).rejects.toThrow('401')
  const own = await identities.node(clusterId, nodeId)
  const plain = await foghorn.get(`/nodes/${nodeId}/channel`, { headers: { authorization: `Bearer ${own}` } })
  expect(Problem.parse(await plain.json())).toMatchObject({ status: 400, code: 'upgrade_required' })
})

test('only the control plane commands', async () => {
  const { identities } = foghorn
  const { clusterId, nodeId } = addHost()
  const tokens = [
    await identities.node(clusterId, nodeId),
    await identities.user(newId('tenant')),
    await identities.service('decklog', 'foghorn'),
  ]
  for (const token of tokens) {
    expect((await send(`/nodes/${nodeId}/commands`, { cluster_id: clusterId, command: terminate }, token)).status).toBe(
      403,
    )
    expect((await send(`/clusters/${clusterId}/commands`, { command: terminate }, token)).status).toBe(403)
  }
  expect((await send('/nodes/x/commands', { cluster_id: clusterId, command: terminate })).status).toBe(404)
  expect((await send(`/clusters/${clusterId}/commands`, { command: { kind: 'drain', on: true } })).status).toBe(400)
})
