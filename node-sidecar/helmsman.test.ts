import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Heartbeat } from '../shared/contract/foghorn.ts'
import { startMediaHost } from '../stacks/local/media-host/media-host.ts'
import { readConfig } from './config.ts'
import { start } from './helmsman.ts'
import { MistApi } from './mist/api.ts'
import { ingestAllowed, NODE_ID, playbackAllowed, startControlPlane } from './testing/control-plane.ts'
import { startDecklog } from './testing/decklog.ts'
import { freshFolder } from './testing/folder.ts'
import { captureLog } from './testing/log-lines.ts'

const KEY = 'sk_0123456789abcdefghjkmnpqrs'
const TOKEN = 'en_0123456789abcdefghjkmnpqrs'

/** A media host with a stand-in for MistServer that lives faster, and everything it calls on real ports. */
async function openHost() {
  const { log, lines } = captureLog()
  const plane = await startControlPlane()
  plane.ingest = ({ stream_key }) =>
    stream_key === KEY ? ingestAllowed('regatta') : { allowed: false, reason: 'unknown_key' }
  plane.playback = ({ playback_id, runtime_name }) =>
    playback_id === 'pb_regatta' || runtime_name === 'live+regatta'
      ? playbackAllowed('regatta')
      : { allowed: false, reason: 'unknown_playback_id' }
  const decklog = await startDecklog()
  const media = await startMediaHost({ port: 0, http_port: 0, log, seed: 1, speed: 100 })
  onTestFinished(() => media.stop())
  const folder = join(await freshFolder(), 'state')
  const url = plane.client.baseUrl.href
  const settings = readConfig({
    COMMODORE_URL: url,
    QUARTERMASTER_URL: url,
    FOGHORN_URL: url,
    DECKLOG_URL: decklog.url.href,
    MIST_URL: media.url,
    HELMSMAN_STATE_PATH: folder,
    HELMSMAN_PORT: '0',
    NODE_ADDRESS: 'http://edge1.test:8080',
    ENROLMENT_TOKEN: TOKEN,
  })
  return { plane, decklog, media, folder, settings, lines }
}

async function journalOf(folder: string): Promise<string> {
  const journal = join(folder, 'journal')
  const segments = (await readdir(journal)).filter((name) => name.endsWith('.log'))
  return (await Promise.all(segments.map((segment) => readFile(join(journal, segment), 'latin1')))).join('')
}

async function handlersOf(url: string): Promise<string> {
  const body = JSON.stringify({ config: true })
  const reply = await fetch(`${url}/api2`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  return reply.text()
}

test('a stream is published, watched and ended, and every fact of it arrives', async () => {
  const { plane, decklog, media, folder, settings, lines } = await openHost()
  {
    await using helmsman = await start(settings)
    expect(helmsman.node_id).toBe(NODE_ID)
    await expect.poll(() => handlersOf(media.url)).toContain(`${helmsman.url.href}triggers/PUSH_REWRITE`)

    const publish = { protocol: 'rtmp', publisher_host: '192.0.2.9' } as const
    expect(await media.publish({ ...publish, stream_key: 'sk_wrong' })).toMatchObject({ accepted: false })
    expect(await media.publish({ ...publish, stream_key: KEY })).toMatchObject({ accepted: true })
    const view = { protocol: 'hls', viewer_host: '192.0.2.7' } as const
    expect(await media.view({ ...view, playback_id: 'pb_other' })).toMatchObject({ admitted: false })
    const watching = await media.view({ ...view, playback_id: 'pb_regatta' })
    expect(watching).toMatchObject({ admitted: true, runtime_name: 'live+regatta' })
    media.finish()
    await media.idle()
    // The last trigger is fired without waiting for its answer, so it may arrive after the stream's end is over.
    await expect.poll(() => decklog.taken.some(({ eventType }) => eventType === 'stream-end')).toBe(true)
    await helmsman.drained()

    const health = await fetch(new URL('/health', helmsman.url))
    expect(await health.json()).toEqual({ status: 'ok', checks: { journal: 'ok', decklog: 'ok', mist: 'ok' } })
    const metrics = async () => (await fetch(new URL('/metrics', helmsman.url))).text()
    await expect.poll(metrics).toMatch(/helmsman_journal_pending_bytes\{service="helmsman"\} 0\n/)
    const letters = await fetch(new URL('/dead-letters', helmsman.url))
    expect(await letters.json()).toEqual({ data: [] })
  }
  const data = decklog.taken.map(({ eventType, streamName, data: bytes }) => {
    const { action } = JSON.parse(new TextDecoder().decode(bytes)) as { action?: string }
    return [eventType, action, streamName].filter((part) => part !== undefined).join(' ')
  })
  for (const fact of [
    'stream-ingest rejected ',
    'stream-ingest start live+regatta',
    'stream-view live+regatta',
    'user-connection connect live+regatta',
    'user-connection disconnect live+regatta',
    'stream-buffer live+regatta',
    'track-list live+regatta',
    'stream-ingest end live+regatta',
    'stream-lifecycle live+regatta',
    'stream-end live+regatta',
    'node-monitoring ',
  ]) {
    expect(data).toContain(fact)
  }
  expect([...decklog.authorizations]).toEqual(['Bearer node.token.here'])

  const beats = plane.asked
    .filter(({ path }) => path === `/nodes/${NODE_ID}/heartbeat`)
    .map(({ body }) => Heartbeat.parse(body))
  expect(beats[0]).toMatchObject({ host: 'edge1.test', healthy: true, draining: false })
  expect(beats.some(({ streams }) => streams.some(({ name }) => name === 'live+regatta'))).toBe(true)
  expect(beats.at(-1)).toMatchObject({ draining: true })

  expect((await stat(join(folder, 'node.json'))).mode & 0o777).toBe(0o600)
  const everything = lines.join('') + JSON.stringify(decklog.taken.map(({ data: bytes }) => String(Buffer.from(bytes))))
  expect(everything).not.toContain('0123456789abc')
})

/** Less than the earliest next heartbeat: what comes by then was told at once. */
const atOnce = { timeout: 3_000 }

const rtmp = { stream_key: KEY, protocol: 'rtmp', publisher_host: '192.0.2.9' } as const

test('a stream that lives elsewhere is pulled for its first viewer, and gives way when its publisher comes here', async () => {
  const { plane, media, settings } = await openHost()
  plane.source = (name) => (name === 'live+regatta' ? 'dtsc://edge2.example:4200' : 'FULL')
  await using helmsman = await start(settings)
  await expect.poll(() => handlersOf(media.url)).toContain(`${helmsman.url.href}triggers/PUSH_REWRITE`)
  const view = { playback_id: 'pb_regatta', protocol: 'hls', viewer_host: '192.0.2.7' } as const
  expect(await media.view(view)).toMatchObject({ admitted: true, runtime_name: 'live+regatta' })
  const beats = () =>
    plane.asked.filter(({ path }) => path.endsWith('/heartbeat')).map(({ body }) => Heartbeat.parse(body).streams)
  await expect.poll(() => beats().at(-1), atOnce).toMatchObject([{ name: 'live+regatta', inputs: 1, replica: true }])

  expect(await media.publish(rtmp)).toMatchObject({ accepted: true })
  await expect.poll(() => beats().at(-1), atOnce).toMatchObject([{ name: 'live+regatta', inputs: 1, replica: false }])
  media.finish()
  await expect.poll(() => beats().at(-1), atOnce).not.toMatchObject([{ inputs: 1 }])
})

test('a publisher’s stream is sent on to its targets, by a Helmsman that starts later too', async () => {
  const { plane, media, decklog, folder, settings, lines } = await openHost()
  const target = 'rtmp://93.184.215.14/app/very-secret'
  const push_targets = [{ id: 'psh_0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000', url: target }]
  plane.ingest = () => ({ ...ingestAllowed('regatta'), push_targets })
  const api = new MistApi({ url: new URL(media.url) })
  const pushes = async () => ((await api.call({ push_list: true })).push_list ?? []) as [number, string, string][]
  const running = async () => (await pushes()).map(([, stream, to]) => [stream, to])
  {
    await using helmsman = await start(settings)
    await expect.poll(() => handlersOf(media.url)).toContain(`${helmsman.url.href}triggers/PUSH_REWRITE`)
    expect(await media.publish(rtmp)).toMatchObject({ accepted: true })
    await expect.poll(running, atOnce).toEqual([['live+regatta', target]])
  }
  await using helmsman = await start(settings)
  await expect.poll(() => handlersOf(media.url)).toContain(`${helmsman.url.href}triggers/PUSH_END`)
  await expect.poll(() => lines.join(''), atOnce).toContain('push found running')
  const [[first] = []] = await pushes()
  await api.call({ push_stop: [first] })
  await expect.poll(async () => (await pushes()).filter(([id]) => id !== first), { timeout: 5_000 }).toHaveLength(1)
  const tell = () => JSON.stringify(decklog.taken.map(({ data }) => String(Buffer.from(data))))
  await expect.poll(tell).toContain('rtmp://93.184.215.14/app/***')
  await helmsman.drained()
  const told = tell()
  expect([told, lines.join(''), await journalOf(folder)].join('')).not.toContain('very-secret')
})

test('Helmsman is not ready before MistServer calls it', async () => {
  const { media, settings } = await openHost()
  await using helmsman = await start(settings)
  const status = async () => (await fetch(new URL('/health', helmsman.url))).status
  expect(await status()).toBe(503)
  await expect.poll(status).toBe(200)
  expect(await handlersOf(media.url)).toContain(`${helmsman.url.href}triggers/PUSH_REWRITE`)
})

test('health says what is wrong while MistServer and Decklog are away', async () => {
  const { media, decklog, settings } = await openHost()
  await media.stop()
  decklog.judge = () => {
    throw new TypeError('broken')
  }
  await using helmsman = await start(settings)
  const health = async () => (await fetch(new URL('/health', helmsman.url))).json()
  await expect.poll(health).toMatchObject({
    status: 'unavailable',
    checks: { journal: 'ok', decklog: 'decklog_internal', mist: expect.stringContaining('mist_unreachable') },
  })
})

test('a rejected event is sent again when an operator says so, and once', async () => {
  const { media, decklog, settings } = await openHost()
  decklog.reject = ({ eventType }) => (eventType === 'stream-ingest' ? 'invalid_event: /data' : undefined)
  await using helmsman = await start(settings)
  await expect.poll(() => handlersOf(media.url)).toContain('triggers/PUSH_REWRITE')
  await media.publish({ protocol: 'rtmp', publisher_host: '192.0.2.9', stream_key: 'sk_wrong' })
  const letters = async () => (await fetch(new URL('/dead-letters', helmsman.url))).json()
  await expect.poll(letters).toMatchObject({ data: [{ name: 'stream-ingest', reason: 'invalid_event: /data' }] })
  decklog.reject = () => undefined
  const replay = async (query: string) =>
    (await fetch(new URL(`/dead-letters/replay?${query}`, helmsman.url), { method: 'POST' })).json()
  expect(await replay('reason=unknown_type')).toEqual({ replayed: 0 })
  expect(await replay('reason=invalid_event&name=stream-ingest')).toEqual({ replayed: 1 })
  expect(await replay('')).toEqual({ replayed: 0 })
  expect(await letters()).toEqual({ data: [] })
  await helmsman.drained()
  expect(decklog.taken.filter(({ eventType }) => eventType === 'stream-ingest')).toHaveLength(1)
})

test('a port that is taken is named, and the journal is let go', async () => {
  const { settings } = await openHost()
  await using first = await start(settings)
  const elsewhere = { ...settings.config, HELMSMAN_STATE_PATH: join(await freshFolder(), 'state') }
  const taken = { ...settings, config: { ...elsewhere, HELMSMAN_PORT: Number(first.url.port) } }
  await expect(start(taken)).rejects.toMatchObject({ reason: 'port_taken' })
  await using _ = await start({ ...settings, config: { ...elsewhere, HELMSMAN_PORT: 0 } })
})
