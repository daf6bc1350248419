import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { UNACKNOWLEDGED_CHARS_MAX } from '../../../shared/contract/signalman-limits.ts'
import { newId } from '../../../shared/ids.ts'
import { type Signalman, startSignalman } from '../../../stacks/local/edge/testing/signalman.ts'
import { readEventStream } from '../testing/event-stream.ts'
import { openTenant } from '../testing/tenant.ts'

let signalman: Signalman
beforeAll(async () => {
  signalman = await startSignalman()
})
afterAll(() => signalman[Symbol.asyncDispose]())

function openReader() {
  const { tenant_id, feed } = openTenant(signalman)
  const get = async (query = '', headers: Record<string, string> = {}) => {
    const token = await signalman.identities.user(tenant_id)
    return fetch(`${signalman.edge.url}/events${query}`, { headers: { authorization: `Bearer ${token}`, ...headers } })
  }
  const open = async (query?: string, headers?: Record<string, string>) => {
    const response = await get(query, headers)
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const stream = readEventStream(response.body)
    onTestFinished(() => stream.close())
    return stream
  }
  return { tenant_id, feed, get, open }
}

test('a stream begins with how everything is, tells what happens, and goes on where another ended', async () => {
  const { feed, open } = openReader()
  const stream_id = newId('stream')
  await feed({ stream_id, data: { n: 1 } })
  const first = await open(`?streams=${stream_id}&types=stream-lifecycle,stream-end`)
  const { id: _, frame } = await first.read()
  expect(frame).toMatchObject({ type: 'snapshot', reason: 'fresh', state: [{ data: { n: 1 } }] })
  await feed({ stream_id, data: { n: 2 } }, { data: { n: 3 } }, { stream_id, event_type: 'stream-end', data: { n: 4 } })
  const { id, frame: events } = await first.read()
  expect(events).toMatchObject({ type: 'events', events: [{ data: { n: 2 } }, { data: { n: 4 } }] })
  await first.close()
  await feed({ stream_id, data: { n: 5 } })
  const second = await open(`?streams=${stream_id}`, { 'last-event-id': id ?? '' })
  expect((await second.read()).frame).toMatchObject({ type: 'resumed' })
  expect((await second.read()).frame).toMatchObject({ type: 'events', events: [{ data: { n: 5 } }] })
  const third = await open('', { 'last-event-id': `${crypto.randomUUID()}.1` })
  expect((await third.read()).frame).toMatchObject({ type: 'snapshot', reason: 'too_old' })
})

test('a reader that does not read holds up nobody, and misses nothing that is kept', async () => {
  const { feed, open } = openReader()
  const slow = await open()
  const quick = await open()
  expect((await slow.read()).frame.type).toBe('snapshot')
  expect((await quick.read()).frame.type).toBe('snapshot')
  const text = 'x'.repeat(UNACKNOWLEDGED_CHARS_MAX / 4)
  const numbersOf = async (stream: typeof slow, until: number) => {
    const numbers: unknown[] = []
    while (numbers.at(-1) !== until) {
      const { frame } = await stream.read()
      if (frame.type === 'events') numbers.push(...frame.events.map(({ data }) => data.n))
    }
    return numbers
  }
  const all = Array.from({ length: 40 }, (_, n) => n)
  const heard = numbersOf(quick, 39)
  for (const n of all) await feed({ data: { n, text } })
  expect(await heard).toEqual(all)
  expect(await numbersOf(slow, 39)).toEqual(all)
}, 30_000)

test('a page of any origin reads a stream, and why it gets none', async () => {
  const { tenant_id } = openReader()
  const { url } = signalman.edge
  const asked = { origin: 'https://shop.example', 'access-control-request-method': 'GET' }
  const headers = { ...asked, 'access-control-request-headers': 'authorization,last-event-id' }
  const preflight = await fetch(`${url}/events`, { method: 'OPTIONS', headers })
  expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([
    204,
    'authorization,last-event-id',
  ])
  const stream = await fetch(`${url}/events?ticket=${await signalman.ticket(tenant_id)}`)
  onTestFinished(async () => void (await stream.body?.cancel()))
  for (const answer of [preflight, stream, await fetch(`${url}/events`)]) {
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  }
})

test('what is not for the caller, or makes no sense, is refused', async () => {
  const { tenant_id, get } = openReader()
  expect((await get('?types=nonsense')).status).toBe(400)
  expect((await get('?streams=x')).status).toBe(400)
  const ticket = await signalman.ticket(tenant_id, ['streams:read'])
  const hidden = await fetch(`${signalman.edge.url}/events?types=user-connection&ticket=${ticket}`)
  expect([hidden.status, (await hidden.json()) as unknown]).toMatchObject([403, { code: 'forbidden' }])
  expect((await fetch(`${signalman.edge.url}/events`)).status).toBe(401)
})
