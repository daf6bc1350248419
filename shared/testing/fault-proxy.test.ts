import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { BANDWIDTH_BYTES_PER_SECOND, LATENCY_MS, SLOW_CLOSE_MS, startFaultProxy } from './fault-proxy.ts'

/** A proxy before a server that sends back what it gets. */
async function startEcho() {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const proxy = await startFaultProxy(typeof address === 'object' ? (address?.port ?? 0) : 0)
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    server.close()
  })
  return { proxy, dial: () => connect(proxy.port, '127.0.0.1').on('error', () => undefined) }
}

/** Sends a text and answers how long it took to come back, ms. */
async function echo(socket: Socket, text: string): Promise<number> {
  const started = performance.now()
  socket.write(text)
  for (let left = text.length; left > 0; ) left -= (await once(socket, 'data'))[0].length
  return performance.now() - started
}

test('a well proxy passes everything on', async () => {
  const { dial } = await startEcho()
  const socket = dial()
  expect(await echo(socket, 'x'.repeat(100_000))).toBeGreaterThan(0)
  socket.end()
  await once(socket, 'close')
})

test('latency delays each way, on connections that were there before too', async () => {
  const { proxy, dial } = await startEcho()
  const socket = dial()
  await echo(socket, 'a')
  proxy.spoil('latency')
  expect(await echo(socket, 'a')).toBeGreaterThanOrEqual(2 * LATENCY_MS - 5)
  proxy.mend()
  expect(await echo(socket, 'a')).toBeLessThan(2 * LATENCY_MS)
})

test('a connection is reset once it is answered: the work is done, the answer lost', async () => {
  const { proxy, dial } = await startEcho()
  proxy.spoil('reset')
  const socket = dial()
  socket.write('a')
  const [error] = await once(socket, 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET' })
})

test('a half-open connection is silent for good, and new ones work once it is mended', async () => {
  const { proxy, dial } = await startEcho()
  const before = dial()
  await echo(before, 'a')
  proxy.spoil('half-open')
  const during = dial()
  await once(during, 'connect')
  proxy.mend()
  for (const socket of [before, during]) {
    const silent = await Promise.race([echo(socket, 'a').then(() => false), sleep(2 * LATENCY_MS, true)])
    expect(silent).toBe(true)
  }
  expect(await echo(dial(), 'a')).toBeGreaterThan(0)
})

test('a slow close arrives late', async () => {
  const { proxy, dial } = await startEcho()
  proxy.spoil('slow-close')
  const socket = dial()
  await echo(socket, 'a')
  const started = performance.now()
  socket.end()
  await once(socket, 'end')
  expect(performance.now() - started).toBeGreaterThanOrEqual(SLOW_CLOSE_MS - 5)
})

test('bandwidth is shared out by the second', async () => {
  const { proxy, dial } = await startEcho()
  proxy.spoil('bandwidth')
  const bytes = BANDWIDTH_BYTES_PER_SECOND / 10
  expect(await echo(dial(), 'x'.repeat(bytes))).toBeGreaterThanOrEqual(95)
})
