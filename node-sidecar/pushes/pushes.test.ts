import { expect, onTestFinished, test } from 'vitest'
import { SentEvent } from '../../shared/events/envelope.ts'
import { startMediaHost } from '../../stacks/local/media-host/media-host.ts'
import { BACKOFF_FIRST_MS } from '../backoff.ts'
import { MistApi } from '../mist/api.ts'
import { readOrigins } from '../sources/origins.ts'
import { Publishers } from '../sources/publishers.ts'
import { captureLog } from '../testing/log-lines.ts'
import { PUSH_STEADY_MS, Pushes } from './pushes.ts'

const NAME = 'live+regatta'
const URL_A = 'rtmp://a.example.com/app/secret'
const URL_B = 'srt://b.example.com:9000?streamid=secret'
const ID = 'psh_0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000'
const PUBLIC = '93.184.215.14'

/** A stand-in with a publisher whom nobody checked, and pushes whose clock and names are in the test's hands. */
async function openPushes() {
  const { log, lines } = captureLog()
  const host = await startMediaHost({ port: 0, http_port: 0, log, seed: 1, speed: 20 })
  onTestFinished(() => host.stop())
  const api = new MistApi({ url: new URL(host.url) })
  await api.call({ addstream: { live: { name: 'live', source: 'push://' } } })
  const publish = () => host.publish({ stream_key: NAME, protocol: 'rtmp', publisher_host: '192.0.2.9' })
  const list = async () => {
    const { push_list } = await api.call({ push_list: true })
    return ((push_list ?? []) as [number, string, string][]).map(([id, , target]) => ({ id, target }))
  }
  const opened = {
    api,
    host,
    lines,
    publish,
    list,
    now: 1_000_000,
    addresses: [PUBLIC],
    events: [] as SentEvent[],
    targets: async () => (await list()).map(({ target }) => target).sort(),
    /** Ends what runs, as a server does that hangs up. */
    hangUp: async () => {
      await api.call({ push_stop: (await list()).map(({ id }) => id) })
      await expect.poll(list).toEqual([])
    },
    begin: () => {
      const publishers = new Publishers(() => readOrigins(api))
      const pushes = new Pushes({
        node_id: 'nod_1',
        api,
        publishers,
        resolve: async () => opened.addresses,
        record: async (events) => void opened.events.push(...events.map((event) => SentEvent.parse(event))),
        clock: () => new Date(opened.now),
        uptime: () => opened.now,
        log,
        random: () => 1,
      })
      onTestFinished(() => pushes[Symbol.asyncDispose]())
      return { publishers, pushes }
    },
  }
  return opened
}

test('a stream is sent on once it is there, and once only', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  publishers.admit(NAME, 7, [{ id: ID, url: URL_A }], 0)
  await pushes.check()
  expect(await opened.targets()).toEqual([])
  await opened.publish()
  await Promise.all([pushes.check(), pushes.check()])
  await pushes.check()
  expect(await opened.targets()).toEqual([URL_A])
})

test('what ends while the stream lives is begun again, later each time, until it has worked for a while', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  publishers.admit(NAME, 7, [{ id: ID, url: URL_A }], 0)
  await opened.publish()
  await pushes.check()
  for (const wait_ms of [BACKOFF_FIRST_MS, 2 * BACKOFF_FIRST_MS]) {
    await opened.hangUp()
    await pushes.check()
    opened.now += wait_ms - 1
    await pushes.check()
    expect(await opened.targets()).toEqual([])
    opened.now += 1
    await pushes.check()
    expect(await opened.targets()).toEqual([URL_A])
  }
  opened.now += PUSH_STEADY_MS
  await opened.hangUp()
  await pushes.check()
  opened.now += BACKOFF_FIRST_MS
  await pushes.check()
  expect(await opened.targets()).toEqual([URL_A])
})

test('nobody needs to look for the next try to come', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  publishers.admit(NAME, 7, [{ id: ID, url: URL_A }], 0)
  await opened.publish()
  pushes.start()
  await expect.poll(opened.targets).toEqual([URL_A])
  await opened.hangUp()
  pushes.wake()
  await expect.poll(() => opened.lines.join('')).toContain('push ended')
  opened.now += BACKOFF_FIRST_MS
  await expect.poll(opened.targets, { timeout: 3_000 }).toEqual([URL_A])
})

test('nothing is begun for a stream that has ended', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  publishers.admit(NAME, 7, [{ id: ID, url: URL_A }], 0)
  await opened.publish()
  await pushes.check()
  opened.host.finish()
  await opened.host.idle()
  publishers.close(NAME, 7)
  opened.now += PUSH_STEADY_MS
  await pushes.check()
  expect(await opened.targets()).toEqual([])
})

test('a restart of Helmsman neither ends nor doubles a push, and keeps it going', async () => {
  const opened = await openPushes()
  const before = opened.begin()
  before.publishers.admit(NAME, 7, [{ id: ID, url: URL_A }], 0)
  await opened.publish()
  await before.pushes.check()
  await before.pushes[Symbol.asyncDispose]()
  const running = await opened.list()
  const { pushes } = opened.begin()
  await pushes.check()
  expect(await opened.list()).toEqual(running)
  await opened.hangUp()
  await pushes.check()
  opened.now += BACKOFF_FIRST_MS
  await pushes.check()
  expect(await opened.targets()).toEqual([URL_A])
})

test('targets are added and taken away while the stream lives', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  await opened.publish()
  await pushes.add(NAME, URL_A)
  await pushes.add(NAME, URL_B)
  await pushes.add(NAME, URL_B)
  expect(await opened.targets()).toEqual([URL_A, URL_B])
  await pushes.remove(NAME, URL_A)
  await expect.poll(opened.targets).toEqual([URL_B])
  await pushes.check()
  expect(await opened.targets()).toEqual([URL_B])
  // The next publication of the same stream goes elsewhere.
  publishers.admit(NAME, 8, [{ id: ID, url: URL_A }], 0)
  await pushes.check()
  await expect.poll(opened.targets).toEqual([URL_A])
})

test('a target is not added to a stream that is published elsewhere, nor one that is not public', async () => {
  const opened = await openPushes()
  const { pushes } = opened.begin()
  await expect(pushes.add(NAME, URL_A)).rejects.toMatchObject({ reason: 'not_published_here' })
  await pushes.remove(NAME, URL_A)
  opened.addresses = ['10.0.0.1']
  await expect(pushes.add(NAME, URL_A)).rejects.toMatchObject({ reason: 'push_address_not_public' })
})

test('a target that is not public is told once, tried again later, and holds up no other', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  const inside = { id: null, url: 'rtmp://192.168.0.1/app/secret' }
  publishers.admit(NAME, 7, [inside, { id: ID, url: URL_A }], 0)
  await opened.publish()
  await pushes.check()
  expect(await opened.targets()).toEqual([URL_A])
  opened.now += BACKOFF_FIRST_MS
  await pushes.check()
  expect(opened.events).toMatchObject([
    {
      event_type: 'push-lifecycle',
      stream_name: NAME,
      data: {
        action: 'end',
        push_id: null,
        target: 'rtmp://192.168.0.1/app/***',
        log_tail: [{ level: 'FAIL', text: 'push_address_not_public' }],
      },
    },
  ])
  expect(opened.lines.join('')).toContain('push_address_not_public')
  expect(opened.lines.join('') + JSON.stringify(opened.events)).not.toContain('secret')
})

test('a MistServer that does not answer is told once', async () => {
  const opened = await openPushes()
  const { publishers, pushes } = opened.begin()
  await publishers.learn()
  publishers.admit(NAME, 7, [{ id: ID, url: URL_A }], 0)
  await opened.host.stop()
  await expect(pushes.check()).rejects.toMatchObject({ reason: 'mist_unreachable' })
  pushes.start()
  const told = () => opened.lines.filter((line) => line.includes('pushes cannot be kept')).length
  await expect.poll(told).toBe(1)
  pushes.wake()
  await expect(pushes.check()).rejects.toMatchObject({ reason: 'mist_unreachable' })
  expect(told()).toBe(1)
})
