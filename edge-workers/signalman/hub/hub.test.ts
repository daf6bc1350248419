import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  CLIENT_FRAME_CHARS_MAX,
  SUBSCRIPTIONS_MAX,
  UNACKNOWLEDGED_CHARS_MAX,
} from '../../../shared/contract/signalman-limits.ts'
import { newId } from '../../../shared/ids.ts'
import { type Signalman, startSignalman } from '../../../stacks/local/edge/testing/signalman.ts'
import { type Listener, listenAt } from '../testing/client.ts'
import { createLogOf } from '../testing/events.ts'
import { openTenant as openTenantOf } from '../testing/tenant.ts'
import { EVENTS_KEPT_MAX, FRAMES_PER_MINUTE_MAX } from './limits.ts'

let signalman: Signalman
beforeAll(async () => {
  signalman = await startSignalman()
})
afterAll(() => signalman[Symbol.asyncDispose]())

/** A tenant with a log of its own, and listeners who all see everything. */
function openTenant() {
  const { tenant_id, log, bring } = openTenantOf(signalman)
  const listen = async () => listenAt(signalman.edge.url, { ticket: await signalman.ticket(tenant_id) })
  return { tenant_id, log, feed: bring, listen }
}

/** Waits until a listener has a frame of a type, and returns the newest of them. */
async function newest<T extends Listener['frames'][number]['type']>(listener: Listener, type: T) {
  const find = () => listener.frames.findLast((frame) => frame.type === type)
  await expect.poll(find).toBeDefined()
  return find() as Extract<Listener['frames'][number], { type: T }>
}

const numbers = (listener: Listener) => listener.events().map(({ data }) => data.n)
const seqs = (listener: Listener) => listener.events().map(({ seq }) => seq)

describe('a subscription', () => {
  test('begins with how everything is, and goes on with what happens, in order', async () => {
    const { log, feed, listen } = openTenant()
    const [a, b] = [newId('stream'), newId('stream')]
    await feed(
      log.write({ stream_id: a, data: { n: 1 } }, { stream_id: a, data: { n: 2 } }, { stream_id: b, data: { n: 3 } }),
    )
    const listener = await listen()
    listener.say({ type: 'subscribe', id: 'all' })
    const snapshot = await newest(listener, 'snapshot')
    expect(snapshot).toMatchObject({ id: 'all', reason: 'fresh', seq: 3, more: false })
    expect(snapshot.state.map(({ data }) => data.n)).toEqual([2, 3])
    await feed(
      log.write({ stream_id: b, data: { n: 4 } }, { event_type: 'user-connection', stream_id: a, data: { n: 5 } }),
    )
    await expect.poll(() => numbers(listener)).toEqual([4, 5])
    expect(seqs(listener)).toEqual([4, 5])
  })

  test('tells of its streams, types and nodes alone, and an event once however many want it', async () => {
    const { log, feed, listen } = openTenant()
    const [a, b, node] = [newId('stream'), newId('stream'), newId('node')]
    const listener = await listen()
    listener.say({ type: 'subscribe', id: 'a', streams: [a] })
    listener.say({ type: 'subscribe', id: 'ends', streams: [a, b], types: ['stream-end'] })
    listener.say({ type: 'subscribe', id: 'node', nodes: [node] })
    await expect.poll(() => listener.frames.filter(({ type }) => type === 'snapshot').length).toBe(3)
    await feed(
      log.write(
        { stream_id: a, data: { n: 1 } },
        { stream_id: b, data: { n: 2 } },
        { stream_id: b, event_type: 'stream-end', data: { n: 3 } },
        { stream_id: a, event_type: 'stream-end', node_id: node, data: { n: 4 } },
        { stream_id: null, event_type: 'node-monitoring', node_id: node, data: { n: 5 } },
        { stream_id: null, event_type: 'node-monitoring', data: { n: 6 } },
      ),
    )
    await expect.poll(() => numbers(listener)).toEqual([1, 3, 4, 5])
    listener.say({ type: 'unsubscribe', id: 'a' })
    await newest(listener, 'unsubscribed')
    await feed(log.write({ stream_id: a, data: { n: 7 } }, { stream_id: b, event_type: 'stream-end', data: { n: 8 } }))
    await expect.poll(() => numbers(listener)).toEqual([1, 3, 4, 5, 8])
  })

  test('is refused when its types are not for the caller, or it has its like, or there are too many', async () => {
    const { tenant_id } = openTenant()
    const ticket = await signalman.ticket(tenant_id, ['streams:read'])
    const listener = await listenAt(signalman.edge.url, { ticket })
    const codes = () => listener.frames.flatMap((frame) => (frame.type === 'error' ? [frame.code] : []))
    listener.say({ type: 'subscribe', id: 'viewers', types: ['user-connection'] })
    await expect.poll(codes).toEqual(['forbidden'])
    for (let i = 0; i <= SUBSCRIPTIONS_MAX; i++) listener.say({ type: 'subscribe', id: String(i) })
    await expect.poll(codes).toEqual(['forbidden', 'too_many_subscriptions'])
    listener.say({ type: 'subscribe', id: '0' })
    await expect.poll(codes).toEqual(['forbidden', 'too_many_subscriptions', 'conflict'])
    listener.say('{"type":"subscribe","id":"x","streams":["no id"]}')
    await expect.poll(codes).toContain('invalid_frame')
    expect(listener.frames.at(-1)).toMatchObject({ id: 'x', detail: expect.stringContaining('/streams/0') })
  })

  test('without types tells what the caller may see, and nothing else', async () => {
    const { tenant_id, log, feed } = openTenant()
    const ticket = await signalman.ticket(tenant_id, ['analytics:read'])
    const listener = await listenAt(signalman.edge.url, { ticket })
    listener.say({ type: 'subscribe', id: 'all' })
    await newest(listener, 'snapshot')
    await feed(log.write({ data: { n: 1 } }, { event_type: 'user-connection', data: { n: 2 } }))
    await expect.poll(() => numbers(listener)).toEqual([2])
  })
})

describe('who comes back', () => {
  test('gets just what was missed, also after the hub was restarted', async () => {
    const { log, feed, listen } = openTenant()
    const first = await listen()
    first.say({ type: 'subscribe', id: 'all' })
    const { seq } = await newest(first, 'snapshot')
    const { epoch } = await newest(first, 'hello')
    await first.close()
    await feed(log.write({ data: { n: 1 } }, { data: { n: 2 } }))
    await signalman.restart()
    await feed(log.write({ data: { n: 3 } }))
    const second = await listen()
    const subscriptions = [
      { id: 'all', since: seq },
      { id: 'later', since: seq + 2 },
    ]
    second.say({ type: 'resume', after: { epoch, seq }, subscriptions })
    await expect.poll(() => numbers(second)).toEqual([1, 2, 3])
    await feed(log.write({ data: { n: 4 } }))
    await expect.poll(() => numbers(second)).toEqual([1, 2, 3, 4])
    expect(second.frames.map(({ type }) => type)).not.toContain('snapshot')
    second.say({ type: 'resume', after: { epoch, seq }, subscriptions })
    expect(await newest(second, 'error')).toMatchObject({ code: 'conflict' })
  })

  test('is not told what its snapshot held', async () => {
    const { log, feed, listen } = openTenant()
    const first = await listen()
    const { epoch, seq } = await newest(first, 'hello')
    await feed(log.write({ data: { n: 1 } }))
    const stream_id = newId('stream')
    await feed(log.write({ stream_id, data: { n: 2 } }, { stream_id, data: { n: 3 } }))
    const second = await listen()
    const subscriptions = [
      { id: 'stream', streams: [stream_id], since: 2 },
      { id: 'ends', types: ['stream-end' as const], since: 0 },
    ]
    second.say({ type: 'resume', after: { epoch, seq }, subscriptions })
    await expect.poll(() => numbers(second)).toEqual([3])
    expect(await newest(second, 'resumed')).toMatchObject({ seq: 3 })
  })

  test.each([
    ['of another sequence', (epoch: string) => ({ epoch: crypto.randomUUID(), seq: epoch.length * 0 })],
    ['from ahead of it', (epoch: string) => ({ epoch, seq: 1_000_000 })],
  ])('with a place %s is told that it is too old, and how everything is', async (_, placeOf) => {
    const { log, feed, listen } = openTenant()
    await feed(log.write({ stream_id: newId('stream'), data: { n: 1 } }))
    const listener = await listen()
    const { epoch } = await newest(listener, 'hello')
    listener.say({ type: 'resume', after: placeOf(epoch), subscriptions: [{ id: 'all', since: 0 }] })
    expect(await newest(listener, 'snapshot')).toMatchObject({ reason: 'too_old', state: [{ data: { n: 1 } }] })
  })

  test('after more than is kept is told so', async () => {
    const { log, feed, listen } = openTenant()
    const listener = await listen()
    const { epoch } = await newest(listener, 'hello')
    const many = Array.from({ length: 1_000 }, () => ({}))
    for (let fed = 0; fed <= EVENTS_KEPT_MAX; fed += many.length) await feed(log.write(...many))
    const subscriptions = [{ id: 'ends', types: ['stream-end' as const], since: 0 }]
    listener.say({ type: 'resume', after: { epoch, seq: 0 }, subscriptions })
    expect(await newest(listener, 'snapshot')).toMatchObject({ reason: 'too_old' })
    const later = await listen()
    later.say({ type: 'resume', after: { epoch, seq: many.length }, subscriptions })
    await newest(later, 'resumed')
  }, 60_000)
})

describe('the feed', () => {
  test('may bring anything again, in any batch, and by another place in the log', async () => {
    const { log, feed, listen } = openTenant()
    const listener = await listen()
    listener.say({ type: 'subscribe', id: 'all' })
    await newest(listener, 'snapshot')
    const events = log.write({ data: { n: 1 } }, { data: { n: 2 } }, { data: { n: 3 } })
    expect(await feed(events.slice(0, 2))).toBe(2)
    expect(await feed(events)).toBe(1)
    const [copy] = log.write({})
    const [first] = events
    if (!copy || !first) throw new Error('no events')
    expect(await feed([{ ...copy, event: first.event }])).toBe(0)
    expect(await feed(log.write({ data: { n: 4 } }))).toBe(1)
    await expect.poll(() => numbers(listener)).toEqual([1, 2, 3, 4])
  })

  test('goes on when the topic was made anew, and its offsets begin again', async () => {
    const { log, feed } = openTenant()
    expect(await feed(log.write({}, {}, {}, {}))).toBe(4)
    const later = new Date(Date.now() + 60_000).toISOString()
    const anew = createLogOf()
      .write({}, {})
      .map((fed) => ({ ...fed, received_at: later }))
    expect(await feed(anew)).toBe(2)
    expect(await feed(anew)).toBe(0)
  })
})

describe('who is slow', () => {
  const big = { n: 0, text: 'x'.repeat(UNACKNOWLEDGED_CHARS_MAX / 10) }
  const write = (log: ReturnType<typeof createLogOf>, from: number, count: number) =>
    log.write(...Array.from({ length: count }, (_, i) => ({ data: { ...big, n: from + i } })))

  test('is sent no more until it acknowledges, and then what it has missed, in order', async () => {
    const { log, feed, listen } = openTenant()
    const [slow, quick] = [await listen(), await listen()]
    for (const one of [slow, quick]) {
      one.say({ type: 'subscribe', id: 'all' })
      await newest(one, 'snapshot')
    }
    for (let n = 0; n < 40; n += 5) {
      await feed(write(log, n, 5))
      await expect.poll(() => numbers(quick).length).toBe(n + 5)
      quick.say({ type: 'ack', seq: quick.events().at(-1)?.seq ?? 0 })
    }
    const sent = numbers(slow).length
    expect(sent).toBeLessThan(20)
    await expect
      .poll(() => {
        slow.say({ type: 'ack', seq: slow.events().at(-1)?.seq ?? 0 })
        return numbers(slow)
      })
      .toEqual(Array.from({ length: 40 }, (_, n) => n))
  })

  test('stays behind while the hub sleeps or is restarted, and misses nothing by it', async () => {
    const { log, feed, listen } = openTenant()
    const slow = await listen()
    slow.say({ type: 'subscribe', id: 'all' })
    const { epoch } = await newest(slow, 'hello')
    await newest(slow, 'snapshot')
    for (let n = 0; n < 20; n += 5) await feed(write(log, n, 5))
    await expect.poll(() => numbers(slow).length).toBeGreaterThan(5)
    const heard = numbers(slow)
    const last = slow.events().at(-1)?.seq ?? 0
    await signalman.restart()
    const again = await listen()
    again.say({ type: 'resume', after: { epoch, seq: last }, subscriptions: [{ id: 'all', since: 0 }] })
    await expect
      .poll(() => {
        again.say({ type: 'ack', seq: again.events().at(-1)?.seq ?? 0 })
        return [...heard, ...numbers(again)]
      })
      .toEqual(Array.from({ length: 20 }, (_, n) => n))
  })
})

describe('who is let in', () => {
  const refused = (access: Parameters<typeof listenAt>[1]) =>
    listenAt(signalman.edge.url, access).then(
      () => 'let in',
      ({ message }: Error) => message,
    )

  test('has a ticket that nobody has used, or a token', async () => {
    const { tenant_id } = openTenant()
    const ticket = await signalman.ticket(tenant_id)
    expect(await refused({ ticket })).toBe('let in')
    expect(await refused({ ticket })).toContain('401')
    expect(await refused({ ticket: `${ticket}x` })).toContain('401')
    const { identities } = signalman
    expect(await refused({ ticket: await identities.ticket(tenant_id, ['streams:read'], 'foghorn') })).toContain('401')
    expect(await refused({ ticket: await signalman.ticket(tenant_id, ['account:read']) })).toContain('403')
    const user = await identities.user(tenant_id)
    expect(await refused({ token: user })).toBe('let in')
    expect(await refused({ ticket: user })).toContain('401')
    expect(await refused({ token: await signalman.ticket(tenant_id) })).toContain('401')
    signalman.commodore.apiTokens.set('fw_reader', {
      valid: true,
      token_id: newId('apiToken'),
      tenant_id,
      scopes: ['streams:read'],
      operator: false,
      expires_at: null,
    })
    expect(await refused({ token: 'fw_reader' })).toBe('let in')
    expect(await refused({ token: await identities.service('foghorn', 'signalman') })).toContain('403')
  })

  test('hears its own tenant alone', async () => {
    const [ours, theirs] = [openTenant(), openTenant()]
    const stream_id = newId('stream')
    const listener = await theirs.listen()
    listener.say({ type: 'subscribe', id: 'all' })
    listener.say({ type: 'subscribe', id: 'guessed', streams: [stream_id] })
    await newest(listener, 'snapshot')
    await ours.feed(ours.log.write({ stream_id, data: { n: 1 } }))
    await theirs.feed(theirs.log.write({ data: { n: 2 } }))
    await expect.poll(() => numbers(listener)).toEqual([2])
  })

  test('feeds only as the feed', async () => {
    const { tenant_id, log } = openTenant()
    const { edge, identities } = signalman
    const post = async (token: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const body = JSON.stringify({ events: log.write({}) })
      return (await fetch(`${edge.url}/feed/${tenant_id}`, { method: 'POST', headers, body })).status
    }
    expect(await post(await identities.service('foghorn', 'signalman'))).toBe(403)
    expect(await post(await identities.user(tenant_id))).toBe(403)
    expect(await post(await identities.service('signalman-feed', 'signalman'))).toBe(200)
  })
})

describe('a client that', () => {
  test.each([
    ['is no client of ours', 4400, (listener: Listener) => listener.say('{')],
    ['sends too long a frame', 4400, (listener: Listener) => listener.say(`"${'x'.repeat(CLIENT_FRAME_CHARS_MAX)}"`)],
    [
      'talks too much',
      4429,
      (listener: Listener) => {
        for (let i = 0; i <= FRAMES_PER_MINUTE_MAX; i++) listener.say({ type: 'ack', seq: 0 })
      },
    ],
  ])('%s is closed with %d', async (_, code, act) => {
    const listener = await openTenant().listen()
    act(listener)
    expect(await listener.closed).toBe(code)
  })
})
