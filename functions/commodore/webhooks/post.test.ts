import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openReceiver, type Receiver } from '../testing/receiver.ts'
import { ANSWER_BYTES_MAX, type PostOptions, post, requireTarget } from './post.ts'

let receiver: Receiver

beforeAll(async () => {
  receiver = await openReceiver()
})
afterAll(() => receiver[Symbol.asyncDispose]())
beforeEach(() => {
  receiver.received.length = 0
  receiver.answer = { status: 200 }
})

const message = { body: '{"é":1}', headers: { 'content-type': 'application/json' } }
const to = (
  addresses: string[],
  { host = 'hooks.example.com', ...more }: Partial<PostOptions> & { host?: string } = {},
) =>
  post(new URL(`http://${host}:${receiver.port}/hook`), message, {
    allowLoopback: true,
    resolve: async () => addresses,
    ...more,
  })

test('the connection goes to the address that was looked at, whatever the name leads to elsewhere', async () => {
  expect(await to(['127.0.0.1'])).toBe(200)
  expect(receiver.received[0]).toMatchObject({
    body: message.body,
    headers: { host: `hooks.example.com:${receiver.port}` },
  })
})

test('a name is looked up once a delivery, so that it cannot change its mind', async () => {
  const answers = [['127.0.0.1'], ['10.0.0.1']]
  const resolve = async () => answers.shift() ?? []
  expect(await post(new URL(`http://h.example.com:${receiver.port}`), message, { allowLoopback: true, resolve })).toBe(
    200,
  )
  expect(answers.length).toBe(1)
})

test.each([
  [['10.0.0.1']],
  [['169.254.169.254']],
  [['203.0.113.9', '192.168.0.1']],
  [['::ffff:10.0.0.1']],
  [['fd00::1']],
  [['64:ff9b::a00:1']],
  [['not an address']],
  [[]],
])('a name that leads to %j is refused before any connection', async (addresses) => {
  await expect(to(addresses)).rejects.toMatchObject({ reason: 'webhook_address_refused' })
})

test('loopback is refused where it is not explicitly allowed, as a name and as an address', async () => {
  await expect(to(['127.0.0.1'], { allowLoopback: false })).rejects.toMatchObject({ reason: 'webhook_address_refused' })
  await expect(to([], { host: '127.0.0.1', allowLoopback: false })).rejects.toMatchObject({
    reason: 'webhook_address_refused',
  })
  expect(receiver.received).toEqual([])
})

test('a redirect is an answer like any other, and not followed', async () => {
  receiver.answer = { status: 307, headers: { location: `http://127.0.0.1:${receiver.port}/elsewhere` } }
  expect(await to(['127.0.0.1'])).toBe(307)
  expect(receiver.received.length).toBe(1)
})

test('an answer without end is not read to its end, and one that never comes is late', async () => {
  receiver.answer = { status: 200, bytes: ANSWER_BYTES_MAX * 50 }
  expect(await to(['127.0.0.1'])).toBe(200)
  receiver.answer = { status: 200, never: true }
  await expect(to(['127.0.0.1'], { timeoutMs: 100 })).rejects.toMatchObject({ reason: 'webhook_late', retry: true })
  const resolve = () => new Promise<string[]>(() => undefined)
  await expect(to([], { timeoutMs: 50, resolve })).rejects.toMatchObject({ reason: 'webhook_late' })
})

test('nobody there is a fault that may pass', async () => {
  const gone = post(new URL('http://127.0.0.1:9'), message, { allowLoopback: true, resolve: async () => [] })
  await expect(gone).rejects.toMatchObject({ reason: 'webhook_unreachable', retry: true })
})

test.each([
  'https://hooks.example.com/a?b=c',
  'https://hooks.example.com:8443',
  'https://203.0.114.9/',
  'https://[2606:4700::1111]/',
])('%s may be an endpoint', (text) => {
  expect(requireTarget(text, false).protocol).toBe('https:')
})

test.each([
  'http://hooks.example.com',
  'ftp://hooks.example.com',
  'https://user:pass@hooks.example.com',
  'https://hooks.example.com/#x',
  'https://localhost',
  'https://127.0.0.1',
  'https://0x7f.1',
  'https://2130706433',
  'https://[::1]',
  'https://[::ffff:10.0.0.1]',
  'https://169.254.169.254',
  'https://10.0.0.1',
  'https://metadata.google.internal',
  'https://printer.local',
  'https://intranet',
  'hooks.example.com',
  '',
  `https://example.com/${'x'.repeat(2_048)}`,
])('%s may not', (text) => {
  expect(() => requireTarget(text, false)).toThrow(expect.objectContaining({ kind: 'invalid' }))
})

test('where loopback is allowed, plain HTTP is for loopback alone', () => {
  expect(requireTarget('http://127.0.0.1:3000/x', true).port).toBe('3000')
  expect(requireTarget('http://localhost:3000/x', true).port).toBe('3000')
  expect(() => requireTarget('http://hooks.example.com', true)).toThrow()
  expect(() => requireTarget('http://10.0.0.1', true)).toThrow()
})
