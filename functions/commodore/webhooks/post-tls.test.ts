import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createAuthority } from '../testing/certificates.ts'
import { openReceiver, type Receiver } from '../testing/receiver.ts'
import { ANSWER_BYTES_MAX, type PostOptions, post } from './post.ts'

const HOST = 'hooks.example.com'
const authority = createAuthority()
let receiver: Receiver

beforeAll(async () => {
  setDefaultCACertificates([...getCACertificates('default'), authority.cert])
  receiver = await openReceiver(authority.issue(HOST))
})
afterAll(() => receiver[Symbol.asyncDispose]())
beforeEach(() => {
  receiver.received.length = 0
  receiver.asked.length = 0
  receiver.answer = { status: 200 }
})

const message = { body: '{"é":1}', headers: { 'content-type': 'application/json' } }
const to = (port: number, { host = HOST, ...more }: Partial<PostOptions> & { host?: string } = {}) =>
  post(new URL(`https://${host}:${port}/hook`), message, {
    allowLoopback: true,
    resolve: async () => ['127.0.0.1'],
    ...more,
  })
const refused = { reason: 'webhook_certificate_refused', retry: true }

test('the certificate is asked for and checked by the name in the URL, at the address that was looked at', async () => {
  expect(await to(receiver.port)).toBe(200)
  expect(receiver.asked).toEqual([HOST])
  expect(receiver.received).toMatchObject([{ body: message.body, headers: { host: `${HOST}:${receiver.port}` } }])
})

test('an address in the URL is checked by itself', async () => {
  await using other = await openReceiver(authority.issue('127.0.0.1'))
  expect(await to(other.port, { host: '127.0.0.1' })).toBe(204)
  await expect(to(receiver.port, { host: '127.0.0.1' })).rejects.toMatchObject(refused)
})

test.each([
  ['of another name', () => authority.issue('other.example.com')],
  ['of the address that the name leads to', () => authority.issue('127.0.0.1')],
  ['that has run out', () => authority.issue(HOST, -1)],
  ['of an authority that nobody knows', () => createAuthority().issue(HOST)],
])('a certificate %s is refused, and the receiver gets nothing', async (_, issue) => {
  await using other = await openReceiver(issue())
  await expect(to(other.port)).rejects.toMatchObject(refused)
  expect(other.received).toEqual([])
})

test('a certificate is checked on each connection, whatever the one before it was', async () => {
  expect(await to(receiver.port)).toBe(200)
  await expect(to(receiver.port, { host: 'other.example.com' })).rejects.toMatchObject(refused)
  expect(receiver.received).toHaveLength(1)
})

test('who speaks no TLS is not reached', async () => {
  await using plain = await openReceiver()
  await expect(to(plain.port)).rejects.toMatchObject({ reason: 'webhook_unreachable', retry: true })
  expect(plain.received).toEqual([])
})

test('of several addresses one that answers is enough', async () => {
  expect(await to(receiver.port, { resolve: async () => ['127.0.0.77', '::1', '127.0.0.1'] })).toBe(200)
})

test('a redirect is an answer like any other, and not followed', async () => {
  receiver.answer = { status: 308, headers: { location: `https://${HOST}:${receiver.port}/elsewhere` } }
  expect(await to(receiver.port)).toBe(308)
  expect(receiver.received).toHaveLength(1)
})

test('a huge answer is not read to its end', async () => {
  receiver.answer = { status: 200, bytes: ANSWER_BYTES_MAX * 50 }
  expect(await to(receiver.port)).toBe(200)
})

test('whoever is slow is late: at the handshake, at the head, at the body', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined))
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const late = { reason: 'webhook_late', retry: true }
  await expect(to((silent.address() as AddressInfo).port, { timeoutMs: 100 })).rejects.toMatchObject(late)
  silent.close()
  receiver.answer = { status: 200, never: true }
  await expect(to(receiver.port, { timeoutMs: 100 })).rejects.toMatchObject(late)
  receiver.answer = { status: 200, trickles: true }
  await expect(to(receiver.port, { timeoutMs: 100 })).rejects.toMatchObject(late)
})

test('a head without end is no answer', async () => {
  receiver.answer = { status: 200, headers: { 'x-long': 'x'.repeat(ANSWER_BYTES_MAX) } }
  await expect(to(receiver.port)).rejects.toMatchObject({ reason: 'webhook_unreachable', retry: true })
})
