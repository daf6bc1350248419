import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { Problem } from '../../shared/http/problem.ts'
import { freePort } from '../../shared/testing/port.ts'
import type { RoutedService } from '../routes.ts'
import { createFrontDoor } from './front-door.ts'
import { serve } from './serve.ts'

interface Arrived {
  service: string
  line: string
  headers: Record<string, string>
}

const IMPATIENT_MS = 200
const UNTIL_CLOSED = 'host: door\r\nconnection: close\r\n'

const arrived: Arrived[] = []
const stack = new AsyncDisposableStack()
let port: number
/** Of a second door before the same services that waits for them less long. */
let impatientPort: number
let firstChunk: PromiseWithResolvers<string>
let leftBy: PromiseWithResolvers<void>

/** A service that says what reached it. */
function createService(service: string) {
  return new Hono()
    .use(async (c, next) => {
      arrived.push({ service, line: `${c.req.method} ${new URL(c.req.url).pathname}`, headers: c.req.header() })
      await next()
    })
    .post('/streams', async (c) => {
      const reader = c.req.raw.body?.getReader()
      let bytes = 0
      for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
        bytes += part.value.byteLength
        firstChunk.resolve(new TextDecoder().decode(part.value))
      }
      return c.json({ bytes })
    })
    .get('/streams/hang', async (c) => {
      const { signal } = c.req.raw
      if (!signal.aborted) await once(signal, 'abort')
      leftBy.resolve()
      return c.text('')
    })
    .get('/play/:id', (c) => c.redirect('http://host.test/hls/x', 307))
    .all('*', (c) => c.json({ service }, 200, { 'keep-alive': 'timeout=9', 'x-kept': 'yes' }))
}

beforeAll(async () => {
  const served = async (name: string) => {
    const at = await freePort()
    stack.use(await serve(createService(name), at))
    return `http://127.0.0.1:${at}`
  }
  const origins: Record<RoutedService, string> = {
    commodore: await served('commodore'),
    quartermaster: await served('quartermaster'),
    'periscope-query': await served('periscope-query'),
    foghorn: await served('foghorn'),
    decklog: `http://127.0.0.1:${await freePort()}`,
  }
  port = await freePort()
  stack.use(await serve(createFrontDoor(origins), port))
  impatientPort = await freePort()
  stack.use(await serve(createFrontDoor(origins, { timeoutMs: IMPATIENT_MS }), impatientPort))
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  arrived.splice(0)
  firstChunk = Promise.withResolvers()
  leftBy = Promise.withResolvers()
})

/** Sends bytes as they are, and returns the whole answer once the door closes the connection. */
async function sendRaw(bytes: string, to = port): Promise<string> {
  const socket = connect(to, '127.0.0.1')
  socket.write(bytes, 'latin1')
  return text(socket)
}

async function statusOf(bytes: string): Promise<number> {
  return Number(/^HTTP\/1.1 (\d{3})/.exec(await sendRaw(bytes))?.[1])
}

async function problemOf(bytes: string, to = port) {
  const [head = '', content = ''] = (await sendRaw(bytes, to)).split('\r\n\r\n')
  expect(head).toMatch(/content-type: application\/problem\+json/i)
  const problem = Problem.parse(JSON.parse(content))
  expect(problem.request_id).toBe(/^x-request-id: (.+)$/im.exec(head)?.[1])
  expect(problem.request_id).not.toBe('')
  return `${problem.status} ${problem.code}`
}

test('headers of the connection stay with it, and all others are passed on', async () => {
  const answer = await sendRaw(
    'GET /streams HTTP/1.1\r\nhost: door\r\nconnection: close, x-mine\r\nx-mine: 1\r\nte: trailers\r\nkeep-alive: timeout=5\r\n' +
      'proxy-authorization: Basic eA==\r\nauthorization: Bearer x\r\nidempotency-key: k\r\nx-request-id: abc\r\n\r\n',
  )
  expect(arrived).toHaveLength(1)
  const { headers } = arrived[0] ?? { headers: {} }
  expect(headers).toMatchObject({ authorization: 'Bearer x', 'idempotency-key': 'k', 'x-request-id': 'abc' })
  for (const name of ['x-mine', 'te', 'proxy-authorization', 'upgrade']) expect(headers).not.toHaveProperty(name)
  expect(answer).toMatch(/x-kept: yes/)
  expect(answer).not.toContain('timeout=9')
})

test('a caller cannot choose an absurd request id', async () => {
  await statusOf(`GET /streams HTTP/1.1\r\n${UNTIL_CLOSED}x-request-id: ${'a'.repeat(300)}\r\n\r\n`)
  expect(arrived[0]?.headers['x-request-id']).toMatch(/^[\w-]{36}$/)
})

test.each([
  'POST /streams/resolve',
  'POST /streams/%72esolve',
  'POST /streams/x/../resolve',
  'POST /streams/x/%2e%2e/resolve',
  'POST //streams/resolve',
  'POST /api-tokens/verify',
  'POST /clusters/resolve',
  'POST /clusters/x/../resolve',
  'POST /tenants',
  'POST /ingest/authorize',
  'GET /streams/../metrics',
  'GET /commodore/metrics',
  'GET /commodore/%2e%2e/metrics',
  'GET /__proto__/health',
  'GET /constructor/docs',
  'GET /%ff/health',
])('%s reaches no service', async (line) => {
  expect(await problemOf(`${line} HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`)).toBe('404 no_such_route')
  expect(arrived).toEqual([])
})

test('an encoded slash stays within its part of the path', async () => {
  await statusOf(`GET /streams/..%2f..%2fmetrics HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`)
  expect(arrived).toMatchObject([{ service: 'commodore', line: 'GET /streams/..%2f..%2fmetrics' }])
})

test.each([
  ['two lengths', 'content-length: 4\r\ncontent-length: 30\r\n'],
  ['a length and chunks', 'content-length: 4\r\ntransfer-encoding: chunked\r\n'],
  ['an unknown coding', 'transfer-encoding: xchunked\r\n'],
  ['chunks that are not last', 'transfer-encoding: chunked, identity\r\n'],
  ['a folded header', 'x-a: 1\r\n transfer-encoding: chunked\r\n'],
  ['a space before the colon', 'content-length : 4\r\n'],
  ['a lone carriage return', 'x-a: 1\rcontent-length: 4\r\n'],
])('a body that is framed by %s is refused, and no request is found in it', async (_, framing) => {
  const hidden = `0\r\n\r\nGET /nodes HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`
  expect(await statusOf(`POST /nodes HTTP/1.1\r\n${UNTIL_CLOSED}${framing}\r\n${hidden}`)).toBe(400)
  expect(arrived).toEqual([])
})

test('a WebSocket is refused by name, and another upgrade is not taken', async () => {
  const upgrade = (to: string) => `GET /streams HTTP/1.1\r\n${UNTIL_CLOSED}upgrade: ${to}\r\n\r\n`
  const websocket = upgrade('websocket').replace('connection: close', 'connection: upgrade, close')
  expect(await problemOf(websocket)).toBe('400 websocket_unsupported')
  expect(arrived).toEqual([])
  expect(await statusOf(upgrade('h2c'))).toBe(200)
})

test('TRACE is refused, and so is a header of the connection that is none', async () => {
  expect(await problemOf(`TRACE /streams HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`)).toBe('405 method_not_allowed')
  expect(await problemOf('GET /streams HTTP/1.1\r\nhost: door\r\nconnection: close, a b\r\n\r\n')).toBe(
    '400 malformed_request',
  )
})

test('a body is passed on while it arrives', async () => {
  const sending = request({ port, host: '127.0.0.1', method: 'POST', path: '/streams' })
  sending.write('first')
  expect(await firstChunk.promise).toBe('first')
  sending.end('last')
  const [response] = await once(sending, 'response')
  expect(await text(response)).toBe('{"bytes":9}')
})

test('a caller who asks whether to go on is told so', async () => {
  const headers = { expect: '100-continue', 'content-length': '2' }
  const sending = request({ port, host: '127.0.0.1', method: 'POST', path: '/streams', headers })
  sending.flushHeaders()
  await once(sending, 'continue')
  sending.end('{}')
  const [response] = await once(sending, 'response')
  expect([response.statusCode, await text(response)]).toEqual([200, '{"bytes":2}'])
})

test('a caller who leaves is not worked for any longer', async () => {
  const sending = request({ port, host: '127.0.0.1', path: '/streams/hang' }).on('error', () => undefined)
  sending.end()
  await expect.poll(() => arrived.length).toBe(1)
  sending.destroy()
  await leftBy.promise
})

test('a redirect is the caller’s to follow', async () => {
  const answer = await sendRaw(`GET /play/x HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`)
  expect(answer).toMatch(/^HTTP\/1.1 307/)
  expect(answer).toContain('location: http://host.test/hls/x')
})

test('a service that is down or late is a 503 that says so', async () => {
  const path = '/frameworks.decklog.v1.DecklogService/PublishEvents'
  expect(await problemOf(`POST ${path} HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`)).toBe('503 service_unreachable')
  expect(await problemOf(`GET /decklog/health HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`)).toBe('503 service_unreachable')
  const slow = `GET /streams/hang HTTP/1.1\r\n${UNTIL_CLOSED}\r\n`
  expect(await problemOf(slow, impatientPort)).toBe('503 service_late')
  await leftBy.promise
})
