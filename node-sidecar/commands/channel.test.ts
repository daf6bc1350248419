import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { heartbeat } from '../../edge-workers/foghorn/testing/hosts.ts'
import { type ClusterFrame, channelCloses, HOST_FRAME_CHARS_MAX, HostFrame } from '../../shared/contract/commands.ts'
import { captureLog } from '../testing/log-lines.ts'
import { Channel } from './channel.ts'
import type { Told } from './command-runner.ts'

/** Short, for the test that meets it. */
const BRIEFLY_MS = 50

/** The other end of channels, in the test's hands. */
async function openFoghorn(heardTimeoutMs?: number) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const foghorn = {
    sockets: [] as WebSocket[],
    frames: [] as HostFrame[],
    paths: [] as string[],
    /** What a heartbeat is answered with. */
    answer: { type: 'heard', taken: true, reason: null } as ClusterFrame | undefined,
    send: (frame: ClusterFrame) => foghorn.sockets.at(-1)?.send(JSON.stringify(frame)),
  }
  server.on('connection', (socket, request) => {
    foghorn.sockets.push(socket)
    foghorn.paths.push(`${request.url} ${request.headers.authorization}`)
    socket.on('message', (data) => {
      const frame = HostFrame.parse(JSON.parse(String(data)))
      foghorn.frames.push(frame)
      if (frame.type === 'heartbeat' && foghorn.answer) socket.send(JSON.stringify(foghorn.answer))
    })
  })
  const told: Told[] = []
  const channel = new Channel({
    foghorn: {
      baseUrl: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      token: async () => 'node.token.here',
    },
    node_id: 'nod_1',
    run: async (command) => {
      told.push(command)
      return { status: 'done', reason: null }
    },
    log: captureLog().log,
    ...(heardTimeoutMs !== undefined && { heardTimeoutMs }),
  })
  onTestFinished(async () => {
    await channel[Symbol.asyncDispose]()
    for (const socket of server.clients) socket.terminate()
    await new Promise((resolve) => server.close(resolve))
  })
  const opened = (count: number) => expect.poll(() => foghorn.sockets.length, { timeout: 5_000 }).toBe(count)
  return { foghorn, channel, told, opened }
}

test('a heartbeat goes up and is heard', async () => {
  const { foghorn, channel, opened } = await openFoghorn()
  expect(await channel.beat(heartbeat())).toBe(false)
  channel.start()
  await opened(1)
  await expect.poll(() => channel.beat(heartbeat())).toBe(true)
  expect(foghorn.paths).toEqual(['/nodes/nod_1/channel Bearer node.token.here'])
  foghorn.answer = { type: 'heard', taken: false, reason: 'cluster_full' }
  await expect(channel.beat(heartbeat())).rejects.toMatchObject({ reason: 'cluster_full' })
})

test('a command is run and its outcome goes up', async () => {
  const { foghorn, channel, told, opened } = await openFoghorn()
  channel.start()
  await opened(1)
  const id = crypto.randomUUID()
  const command = { kind: 'drain', on: true }
  foghorn.send({ type: 'command', id, expires_in_ms: 1_000, command })
  await expect.poll(() => foghorn.frames).toEqual([{ type: 'outcome', id, status: 'done', reason: null }])
  expect(told).toEqual([{ id, expires_in_ms: 1_000, command }])
})

test('a connection that ends is opened again, at once when its time was over', async () => {
  const { foghorn, channel, opened } = await openFoghorn()
  channel.start()
  await opened(1)
  foghorn.sockets[0]?.close(channelCloses.expired)
  await opened(2)
  foghorn.sockets[1]?.terminate()
  await opened(3)
  await expect.poll(() => channel.beat(heartbeat())).toBe(true)
})

test('a connection on which nobody hears is given up for another', async () => {
  const { foghorn, channel, opened } = await openFoghorn(BRIEFLY_MS)
  channel.start()
  await opened(1)
  foghorn.answer = undefined
  expect(await channel.beat(heartbeat())).toBe(false)
  await opened(2)
})

test('a heartbeat that is too long for a frame goes another way', async () => {
  const { foghorn, channel, opened } = await openFoghorn()
  channel.start()
  await opened(1)
  await expect.poll(() => channel.beat(heartbeat())).toBe(true)
  const outputs = { HLS: 'x'.repeat(HOST_FRAME_CHARS_MAX) }
  expect(await channel.beat(heartbeat({ outputs }))).toBe(false)
  expect(foghorn.sockets).toHaveLength(1)
})

test('what cannot be read is passed over', async () => {
  const { foghorn, channel, told, opened } = await openFoghorn()
  channel.start()
  await opened(1)
  foghorn.sockets[0]?.send('{')
  foghorn.sockets[0]?.send('{"type":"hello"}')
  await expect.poll(() => channel.beat(heartbeat())).toBe(true)
  expect(told).toEqual([])
})
