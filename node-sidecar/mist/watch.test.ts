import { join } from 'node:path'
import { Hono } from 'hono'
import { Registry } from 'prom-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SentEvent } from '../../shared/events/envelope.ts'
import { startMediaHost } from '../../stacks/local/media-host/media-host.ts'
import { Journal } from '../journal/journal.ts'
import { createMetrics } from '../metrics.ts'
import { Reconciler } from '../reconcile/reconciler.ts'
import { serve } from '../serve.ts'
import { Publishers } from '../sources/publishers.ts'
import { freshFolder } from '../testing/folder.ts'
import { captureLog } from '../testing/log-lines.ts'
import { MistApi } from './api.ts'
import { CLIENT_SAMPLES_INTERVAL_MS } from './polls/clients.ts'
import { UNHEARD_MS } from './polls/lost-triggers.ts'
import { Watch, type WatchOptions } from './watch.ts'

const SEGMENT_BYTES = 8 * 1024
const DOOR = new URL('http://127.0.0.1:1')

/** A watch over a stand-in that lives fast, whose publishers nobody checks. */
async function openWatch(options: { journalBytesMax?: number; foghorn?: WatchOptions['foghorn'] } = {}) {
  const { log, lines } = captureLog()
  const host = await startMediaHost({ port: 0, http_port: 0, log, seed: 1, speed: 200 })
  onTestFinished(() => host.stop())
  const bytesMax = options.journalBytesMax === undefined ? {} : { bytesMax: options.journalBytesMax }
  const folder = join(await freshFolder(), 'journal')
  const journal = await Journal.open({ folder, log, segmentBytesMax: SEGMENT_BYTES, ...bytesMax })
  onTestFinished(() => journal[Symbol.asyncDispose]())
  const metrics = createMetrics(new Registry())
  let now = Date.parse('2026-11-24T01:00:00.000Z')
  const uptime = () => now
  const path = join(folder, 'open.json')
  const reconciler = await Reconciler.open({ node_id: 'nod_1', path, journal, boot: null, uptime, log })
  const watch = new Watch({
    node_id: 'nod_1',
    publishers: new Publishers(async () => new Map()),
    reconciler,
    api: new MistApi({ url: new URL(host.url) }),
    journal,
    metrics,
    clock: () => {
      now += 10_000
      return new Date(now)
    },
    uptime,
    log,
    ...(options.foghorn && { foghorn: options.foghorn }),
  })
  onTestFinished(() => watch[Symbol.asyncDispose]())
  const events = async () => {
    const { records } = await journal.read(journal.acknowledged, 10_000)
    return records.map((record) => JSON.parse(String(record)) as SentEvent)
  }
  const of = async <T extends SentEvent['event_type']>(type: T) =>
    (await events()).filter((event): event is Extract<SentEvent, { event_type: T }> => event.event_type === type)
  return { watch, host, journal, metrics, log, lines, of }
}

test('a stream that is watched is sampled, and its end is told once', async () => {
  const { watch, host, of } = await openWatch()
  const publication = await host.publish({ stream_key: 'live+regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' })
  if (!publication.accepted) throw new TypeError(publication.reason)
  await watch.pollStreams()
  expect(await of('stream-lifecycle')).toMatchObject([{ stream_name: 'live+regatta', data: { cause: 'poll' } }])
  host.finish()
  await host.idle()
  await watch.pollStreams()
  await watch.pollStreams()
  const told = (await of('stream-lifecycle')).filter(({ data }) => data.status === 'offline')
  expect(told).toMatchObject([{ stream_name: 'live+regatta', data: { cause: 'poll', viewers: 0 } }])
})

test('a MistServer that goes away makes the host unhealthy and ends no stream', async () => {
  const { watch, host, of } = await openWatch()
  await host.publish({ stream_key: 'live+regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' })
  watch.start(DOOR)
  await expect.poll(async () => (await of('node-monitoring')).length).toBe(1)
  expect(await of('node-monitoring')).toMatchObject([{ data: { healthy: true } }])
  expect(watch.failing.size).toBe(0)
  await host.stop()
  await expect(watch.pollNode()).rejects.toMatchObject({ reason: 'mist_unreachable' })
  await expect(watch.pollStreams()).rejects.toMatchObject({ reason: 'mist_unreachable' })
  expect((await of('node-monitoring')).at(-1)).toMatchObject({
    data: { healthy: false, unhealthy_reasons: ['mist_unreachable'], cpu_percent: null },
  })
  expect((await of('stream-lifecycle')).filter(({ data }) => data.status === 'offline')).toEqual([])
})

test('every event that a poll journals is counted', async () => {
  const { watch, host, journal, metrics } = await openWatch()
  await host.publish({ stream_key: 'live+regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' })
  watch.start(DOOR)
  const journalled = async () => (await journal.read(journal.acknowledged, 10_000)).records.length
  await expect.poll(journalled).toBeGreaterThan(1)
  await watch[Symbol.asyncDispose]()
  const { values } = await metrics.events.get()
  const byStage = Object.fromEntries(values.map(({ labels, value }) => [labels.stage, value]))
  expect(byStage).toEqual({ journalled: await journalled(), lost: 0, accepted: 0, rejected: 0 })
})

test('a MistServer that comes back without its configuration is configured before it is sampled', async () => {
  const { watch, host, log } = await openWatch()
  watch.start(DOOR)
  await expect.poll(() => watch.installed).toBe(true)
  await host.stop()
  await expect(watch.pollNode()).rejects.toMatchObject({ reason: 'mist_unreachable' })
  expect(watch.installed).toBe(false)
  const port = Number(new URL(host.url).port)
  const fresh = await startMediaHost({ port, http_port: 0, log, seed: 1, speed: 200 })
  onTestFinished(() => fresh.stop())
  await watch.pollNode()
  const { config } = await new MistApi({ url: new URL(fresh.url) }).call({ config: true })
  expect(config).toMatchObject({ triggers: { PUSH_REWRITE: [{ handler: `${DOOR.href}triggers/PUSH_REWRITE` }] } })
})

test('what fails is told once, by job', async () => {
  const { watch, host, lines } = await openWatch()
  await host.stop()
  watch.start(DOOR)
  await expect.poll(() => [...watch.failing.keys()].sort()).toEqual(['clients', 'install', 'node', 'streams'])
  expect([...watch.failing.values()]).toEqual(Array(4).fill('mist_unreachable'))
  expect(lines.filter((line) => line.includes('"job":"install"'))).toHaveLength(1)
})

test('the end of a stream that the journal could not take is told at the next poll', async () => {
  const { watch, host, journal, of } = await openWatch({ journalBytesMax: 2 * SEGMENT_BYTES })
  await host.publish({ stream_key: 'live+regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' })
  await watch.pollStreams()
  host.finish()
  await host.idle()
  while (journal.fullness < 1) await journal.append(Buffer.from('{}'.padEnd(500)))
  await expect(watch.pollStreams()).rejects.toMatchObject({ reason: 'journal_full' })
  await journal.acknowledge(journal.end)
  await watch.pollStreams()
  expect(await of('stream-lifecycle')).toMatchObject([{ stream_name: 'live+regatta', data: { status: 'offline' } }])
})

test('Foghorn hears at once that MistServer is away, not at the next interval', async () => {
  const healthy: boolean[] = []
  const beat = async (heartbeat: { healthy: boolean }) => void healthy.push(heartbeat.healthy)
  const { watch, host } = await openWatch({ foghorn: { host: 'edge1.test', beat } })
  await host.stop()
  watch.start(DOOR)
  // Less than the earliest next beat.
  await expect.poll(() => healthy.length, { timeout: 3_000 }).toBeGreaterThan(1)
  expect(healthy).not.toContain(true)
})

/** The door's own handlers, as it were: who publishes and watches here is let in. */
async function openDoor(): Promise<{ door: URL; fired: string[] }> {
  const fired: string[] = []
  const answers: Record<string, string> = {
    ...{ PUSH_REWRITE: 'live+regatta', PLAY_REWRITE: 'live+regatta', STREAM_SOURCE: '' },
  }
  const app = new Hono().post('/triggers/:name', (c) => {
    const name = c.req.param('name')
    fired.push(name)
    return c.text(answers[name] ?? 'true')
  })
  const served = await serve(app, { hostname: '127.0.0.1', port: 0 })
  onTestFinished(() => served[Symbol.asyncDispose]())
  return { door: new URL(`http://127.0.0.1:${served.port}`), fired }
}

describe('a MistServer that calls us no more', () => {
  const publisher = { stream_key: 'live+regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' } as const
  const viewer = { playback_id: 'live+regatta', protocol: 'hls', viewer_host: '192.0.2.7' } as const

  test('while its configuration says it does, is told our triggers anew at the next poll', async () => {
    const { watch, host, metrics } = await openWatch()
    const { door, fired } = await openDoor()
    watch.start(door)
    await expect.poll(() => watch.installed).toBe(true)
    await host.publish(publisher)
    for (let poll = 0; poll < 2; poll += 1) await watch.pollNode()
    const repairs = async () => (await metrics.repairs.get()).values[0]?.value
    const installed = await repairs()
    host.emptyTriggers()
    expect(await host.view(viewer)).toMatchObject({ admitted: true })
    expect(fired).not.toContain('USER_NEW')
    await watch.pollNode()
    expect(await repairs()).toBe(Number(installed) + 1)
    await host.view({ ...viewer, viewer_host: '192.0.2.8' })
    await expect.poll(() => fired).toContain('USER_NEW')
    await watch.pollNode()
    expect(await repairs()).toBe(Number(installed) + 1)
  })

  test('while nobody can tell, as nobody publishes or watches, lets publishers in again minutes later', async () => {
    const { watch, host, metrics, lines } = await openWatch()
    const { door, fired } = await openDoor()
    watch.start(door)
    await expect.poll(() => watch.installed).toBe(true)
    const repairs = async () => (await metrics.repairs.get()).values[0]?.value
    const installed = await repairs()
    // The clock goes on by ten seconds a poll.
    for (const _ of ['once', 'again']) {
      host.emptyTriggers()
      for (let passed = 0; passed <= UNHEARD_MS; passed += 10_000) await watch.pollNode()
      fired.length = 0
      await host.publish(publisher)
      expect(fired).toContain('PUSH_REWRITE')
    }
    expect(await repairs()).toBe(installed)
    expect(lines.join('')).not.toContain('lost our triggers')
  })
})

test('who watches is looked at every ten seconds, and told every minute', async () => {
  const { watch, host, of } = await openWatch()
  await host.publish({ stream_key: 'live+regatta', protocol: 'rtmp', publisher_host: '192.0.2.9' })
  // The clock goes on by ten seconds a poll.
  for (let poll = 0; poll < 13; poll += 1) await watch.pollClients()
  const times = (await of('client-lifecycle')).map(({ occurred_at }) => Date.parse(occurred_at))
  expect(times).toHaveLength(3)
  expect(times.map((time) => time - (times[0] ?? 0))).toEqual([
    0,
    CLIENT_SAMPLES_INTERVAL_MS,
    2 * CLIENT_SAMPLES_INTERVAL_MS,
  ])
})
