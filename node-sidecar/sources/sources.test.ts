import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { Gate } from '../control-plane/gate.ts'
import { serve } from '../serve.ts'
import { playbackAllowed, startControlPlane } from '../testing/control-plane.ts'
import { captureLog } from '../testing/log-lines.ts'
import { createSourceDoor, sourceUrlAt } from './door.ts'
import type { Origin } from './origins.ts'
import { Publishers } from './publishers.ts'
import { SOURCE_FRESH_MS, Sources } from './sources.ts'

const NAME = 'live+regatta'
const TIMEOUT_MS = 1_000
const START = Date.parse('2026-11-24T01:00:00.000Z')

/** The door over a gate and a Foghorn whose answers are in the test's hands. */
async function openDoor() {
  const { log, lines } = captureLog()
  const plane = await startControlPlane()
  plane.playback = ({ runtime_name }) =>
    runtime_name === NAME ? playbackAllowed('regatta') : { allowed: false, reason: 'unknown_stream' }
  const origins = new Map<string, Origin>()
  const opened = {
    plane,
    lines,
    asked: [] as string[],
    answer: (): Response | Promise<Response> => new Response('dtsc://edge2.example:4200'),
    origins,
    publishers: new Publishers(async () => origins),
    now: START,
    peer: '127.0.0.1',
    ask: (name: string, headers: Record<string, string> = {}) =>
      opened.request(`/source?${new URLSearchParams({ source: name })}`, headers),
    request: async (path: string, headers: Record<string, string>) => {
      const response = await door.request(path, { headers })
      return response.ok ? response.text() : response.status
    },
  }
  const foghorn = new Hono().get('/', (c) => {
    opened.asked.push(`${c.req.query('source')} ${c.req.header('authorization')}`)
    return opened.answer()
  })
  const served = await serve(foghorn, { hostname: '127.0.0.1', port: 0 })
  onTestFinished(() => served[Symbol.asyncDispose]())
  const client = { baseUrl: new URL(`http://127.0.0.1:${served.port}`), token: async () => 'node.token.here' }
  const clock = () => new Date(opened.now)
  const uptime = () => opened.now
  const door = createSourceDoor({
    gate: new Gate({ commodore: plane.client, clock, uptime, log }),
    publishers: opened.publishers,
    sources: new Sources({ foghorn: client, uptime, log, timeoutMs: TIMEOUT_MS }),
    peerOf: () => opened.peer,
    allowRemote: false,
  })
  return opened
}

test('a stream that another host has is pulled from it; many who ask at once are one question', async () => {
  const opened = await openDoor()
  expect(await Promise.all([opened.ask(NAME), opened.ask(NAME)])).toEqual(
    Array.from({ length: 2 }, () => 'dtsc://edge2.example:4200'),
  )
  expect(opened.asked).toEqual([`${NAME} Bearer node.token.here`])
  opened.now = START + SOURCE_FRESH_MS + 1
  await opened.ask(NAME)
  expect(opened.asked).toHaveLength(2)
})

test('nobody is asked about a stream without an owner, nor about one that is published here', async () => {
  const opened = await openDoor()
  expect(await opened.ask('live+unknown')).toBe('')
  expect(await opened.ask('')).toBe('')
  expect(await opened.ask(`live+${'a'.repeat(100)}`)).toBe('')
  opened.publishers.admit(NAME, 7, [], 0)
  expect(await opened.ask(NAME)).toBe('push://')
  expect(opened.asked).toEqual([])
})

test('MistServer’s own way of asking is understood', async () => {
  const opened = await openDoor()
  // As recorded: every special sign of the name in lower-case hex, and headers that no browser or proxy sent.
  const headers = { accept: '*/*', host: '127.0.0.1:18007', 'user-agent': 'MistServer/v0.3.0', 'x-version': 'v0.3.0' }
  expect(await opened.request('/source?source=live%2bregatta', headers)).toBe('dtsc://edge2.example:4200')
})

test('who published before Helmsman started is not pulled from elsewhere', async () => {
  const opened = await openDoor()
  opened.origins.set(NAME, { live: true, pids: [7], targets: [] })
  expect(await opened.ask(NAME)).toBe('push://')
  expect(opened.asked).toEqual([])
})

test.each([
  ['has no host', () => new Response('FULL')],
  ['fails', () => new Response('dtsc://edge2.example', { status: 503 })],
  ['names what is no media host', () => new Response('http://169.254.169.254/')],
  ['sends on', () => new Response(null, { status: 307, headers: { location: 'http://127.0.0.1:1/' } })],
  ['is late', () => new Promise<Response>(() => undefined)],
])('a Foghorn that %s leaves only a publisher’s own media', async (_, answer) => {
  const opened = await openDoor()
  opened.answer = answer
  expect(await opened.ask(NAME)).toBe('push://')
})

test('only this machine may ask', async () => {
  const opened = await openDoor()
  expect(await opened.ask(NAME, { 'x-forwarded-for': '192.0.2.7' })).toBe(403)
  opened.peer = '192.0.2.7'
  expect(await opened.ask(NAME)).toBe(403)
})

test('MistServer asks where it reaches us', () => {
  const at = (door: string) => sourceUrlAt(new URL(door)).href
  expect(at('http://127.0.0.1:18007')).toBe('http://127.0.0.1:18007/source')
  expect(at('http://helmsman.internal/edge1/')).toBe('http://helmsman.internal/edge1/source')
})
