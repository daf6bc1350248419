import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../serve.ts'
import { openDoor } from '../testing/open-door.ts'
import { createHttpDoor, TRIGGER_BYTES_MAX } from './http-door.ts'

const streamEnd = 'live+regatta\n1\n2\n3\n4\n5\n6'

async function connect(url: URL): Promise<Socket> {
  const socket = createConnection(Number(url.port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket.setNoDelay()
}

/** The lines that MistServer sends before the body. */
function headOf(name: string, length: number, more: readonly string[] = []): string[] {
  const headers = ['Content-Type: text/plain', 'User-Agent: MistServer/v0.3.0', `X-Trigger: ${name}`, ...more]
  return [`POST /triggers/${name} HTTP/1.1`, 'Host: 127.0.0.1', `Content-Length: ${length}`, ...headers, '']
}

async function write(socket: Socket, part: string): Promise<void> {
  await new Promise<void>((resolve) => socket.write(part, () => resolve()))
}

test('a notice counts though MistServer sends it line by line and hangs up without reading the answer', async () => {
  const { url, events } = await openDoor()
  const socket = await connect(url)
  for (const line of headOf('STREAM_END', streamEnd.length)) await write(socket, `${line}\r\n`)
  for (const part of [streamEnd.slice(0, 5), streamEnd.slice(5)]) await write(socket, part)
  socket.destroy()
  await expect.poll(events).toMatchObject([{ event_type: 'stream-end', stream_name: 'live+regatta' }])
})

test('a notice that breaks off is none, and the next one is taken', async () => {
  const { url, fire, events, deadLetters } = await openDoor()
  const socket = await connect(url)
  await write(socket, `${headOf('STREAM_END', streamEnd.length + 1).join('\r\n')}\r\n${streamEnd}`)
  socket.destroy()
  await once(socket, 'close')
  expect((await fire('STREAM_END', streamEnd)).status).toBe(200)
  expect(await events()).toHaveLength(1)
  expect(await deadLetters.list()).toEqual([])
})

test('several calls share a connection, and each is answered in its turn', async () => {
  const { url, events } = await openDoor()
  const socket = await connect(url)
  const call = (body: string, more: string[]) => `${headOf('STREAM_END', body.length, more).join('\r\n')}\r\n${body}`
  socket.write(call(streamEnd, []) + call('nonsense', ['Connection: close']))
  const answers = (await text(socket)).match(/HTTP\/1\.1 \d+/g)
  expect(answers).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
  expect(await events()).toHaveLength(1)
})

test('a body of unknown length that grows beyond the limit is refused once it has ended', async () => {
  const { url, events } = await openDoor()
  const body = async function* () {
    for (let sent = 0; sent <= TRIGGER_BYTES_MAX; sent += 64 * 1024) yield new Uint8Array(64 * 1024)
  }
  const init = { method: 'POST', body: ReadableStream.from(body()), duplex: 'half' } as const
  const response = await fetch(new URL('/triggers/SYSTEM_STOP', url), init)
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ code: 'trigger_too_large' })
  expect(await events()).toEqual([])
})

test('a request that does not come in whole is given up', async () => {
  const door = { take: () => expect.unreachable(), refuse: () => expect.unreachable() }
  const triggers = createHttpDoor({ door })
  const options = { hostname: '127.0.0.1', port: 0, triggers, requestTimeoutMs: 10 }
  await using served = await serve(new Hono(), options)
  const socket = await connect(new URL(`http://127.0.0.1:${served.port}`))
  socket.write(`${headOf('STREAM_END', 10).join('\r\n')}\r\nlive`)
  expect(await text(socket)).toContain('408 Request Timeout')
})
