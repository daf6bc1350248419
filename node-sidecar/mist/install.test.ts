import { Registry } from 'prom-client'
import { expect, onTestFinished, test } from 'vitest'
import { type MediaHost, startMediaHost } from '../../stacks/local/media-host/media-host.ts'
import { createMetrics } from '../metrics.ts'
import { captureLog } from '../testing/log-lines.ts'
import { MistApi } from './api.ts'
import { install } from './install.ts'
import { HANDLER_BYTES_MAX, wantedHandlers } from './wanted.ts'

const door = new URL('http://127.0.0.1:18007')

async function freshHost() {
  const { log } = captureLog()
  const host: MediaHost = await startMediaHost({ port: 0, http_port: 0, log, seed: 1 })
  onTestFinished(() => host.stop())
  const api = new MistApi({ url: new URL(host.url) })
  const metrics = createMetrics(new Registry())
  return { api, installAt: (at = door) => install({ api, door: at, log, metrics }) }
}

async function triggersOf(api: MistApi): Promise<Record<string, unknown[]>> {
  const { config } = (await api.call({ config: true })) as { config: { triggers: Record<string, unknown[]> } }
  return config.triggers
}

test('all handlers are installed, those that decide closed on failure', async () => {
  const { api, installAt } = await freshHost()
  expect(await installAt()).toEqual({ passphrase: 'koekjes', repaired: true })
  const triggers = await triggersOf(api)
  const onfail = Object.fromEntries(
    Object.entries(triggers).map(([name, [entry]]) => [name, (entry as { onfail?: string }).onfail ?? 'notice']),
  )
  expect(onfail).toEqual({
    PUSH_REWRITE: 'deny',
    PLAY_REWRITE: 'deny',
    USER_NEW: 'deny',
    STREAM_SOURCE: 'offline',
    PUSH_OUT_START: 'keep',
    DEFAULT_STREAM: 'notice',
    STREAM_READY: 'notice',
    STREAM_UNLOAD: 'notice',
    STREAM_BUFFER: 'notice',
    STREAM_END: 'notice',
    LIVE_TRACK_LIST: 'notice',
    PUSH_INPUT_CLOSE: 'notice',
    USER_END: 'notice',
    PUSH_END: 'notice',
    RECORDING_END: 'notice',
    RECORDING_SEGMENT: 'notice',
  })
  expect(triggers.PUSH_REWRITE).toEqual([
    { handler: 'http://127.0.0.1:18007/triggers/PUSH_REWRITE', sync: true, streams: [], onfail: 'deny' },
  ])
})

test('what is right is left alone', async () => {
  const { installAt } = await freshHost()
  await installAt()
  expect(await installAt()).toMatchObject({ repaired: false })
})

test('the operator’s handlers stay, in both of their forms, and ours comes last', async () => {
  const { api, installAt } = await freshHost()
  const theirs = { handler: 'http://127.0.0.1:9100/trigger/user_new', sync: true, streams: ['live'] }
  const old = ['/usr/local/bin/notify', false, []]
  await api.call({ config: { triggers: { USER_NEW: [theirs], CONN_CLOSE: [old] } } })
  await installAt()
  const triggers = await triggersOf(api)
  expect(triggers.CONN_CLOSE).toEqual([old])
  expect(triggers.USER_NEW).toEqual([
    theirs,
    { handler: 'http://127.0.0.1:18007/triggers/USER_NEW', sync: true, streams: [], onfail: 'deny' },
  ])
})

test.each([
  ['lost its onfail', { onfail: undefined }],
  ['became a notice', { sync: false, onfail: undefined }],
  ['was limited to some streams', { streams: ['other'] }],
  ['lets in by default', { default: 'true' }],
])('a handler that %s is repaired', async (_, change) => {
  const { api, installAt } = await freshHost()
  await installAt()
  const before = await triggersOf(api)
  const drifted = { ...(before.PUSH_REWRITE?.[0] as object), ...change }
  await api.call({ config: { triggers: { ...before, PUSH_REWRITE: [drifted] } } })
  expect(await installAt()).toMatchObject({ repaired: true })
  expect(await triggersOf(api)).toEqual(before)
})

test('handlers of an earlier port are replaced, as they would refuse everybody', async () => {
  const { api, installAt } = await freshHost()
  await installAt(new URL('http://127.0.0.1:19999'))
  const stray = { handler: 'http://localhost:19999/triggers/CONN_OPEN', sync: true, streams: [] }
  await api.call({ config: { triggers: { ...(await triggersOf(api)), CONN_OPEN: [stray] } } })
  await installAt()
  const triggers = await triggersOf(api)
  expect(JSON.stringify(triggers)).not.toContain('19999')
  expect(triggers.CONN_OPEN).toBeUndefined()
  expect(triggers.PUSH_REWRITE).toHaveLength(1)
})

test('a missing passphrase and a missing live stream are made, existing ones kept', async () => {
  const { api, installAt } = await freshHost()
  await api.call({ config: { prometheus: '' }, deletestream: ['live'] })
  const { passphrase } = await installAt()
  expect(passphrase).toMatch(/^[0-9a-z]{26}$/)
  expect(await installAt()).toEqual({ passphrase, repaired: false })
  expect(await api.call({ streams: true })).toMatchObject({ streams: { live: { source: 'push://' } } })
})

test('a MistServer that is away is a fault that may pass', async () => {
  const { log } = captureLog()
  const api = new MistApi({ url: new URL('http://127.0.0.1:1') })
  const installing = install({ api, door, log, metrics: createMetrics(new Registry()) })
  await expect(installing).rejects.toMatchObject({ reason: 'mist_unreachable', retry: true })
})

test('a door whose handlers MistServer would cut off is refused', () => {
  const path = 'x'.repeat(HANDLER_BYTES_MAX - 'http://127.0.0.1//triggers/RECORDING_SEGMENT'.length)
  expect(() => wantedHandlers(new URL(`http://127.0.0.1/${path}`))).not.toThrow()
  expect(() => wantedHandlers(new URL(`http://127.0.0.1/${path}x`))).toThrow(/127 bytes/)
})
