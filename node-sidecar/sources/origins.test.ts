import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { MistApi } from '../mist/api.ts'
import { serve } from '../serve.ts'
import { readOrigins } from './origins.ts'

const publisher = { inputs: 1, sourcepids: [26514], status: 'Online', tags: null }

/** MistServer's API as a port that says what the test wants it to. */
async function openMist(reply: Record<string, unknown>) {
  const served = await serve(
    new Hono().post('/api2', (c) => c.json(reply)),
    { hostname: '127.0.0.1', port: 0 },
  )
  onTestFinished(() => served[Symbol.asyncDispose]())
  return new MistApi({ url: new URL(`http://127.0.0.1:${served.port}`) })
}

test('a stream with a publisher is an origin; one pulled from another host, or without a source, is none', async () => {
  const api = await openMist({
    active_streams: {
      'live+regatta': publisher,
      'live+booting': { ...publisher, inputs: 0, status: 'Waiting for data' },
      'live+replica': { ...publisher, sourcepids: [26600], tags: ['replicated'] },
      'live+lingering': { inputs: 0, sourcepids: null, status: 'Online', tags: null },
      'live+over': { ...publisher, status: 'Offline' },
    },
    push_list: [
      [26694, 'live+regatta', 'rtmp://live.example/app/secret', 'rtmp://live.example/app/secret', [], {}],
      [26695, 'live+replica', 'rtmp://live.example/app/other', 'rtmp://live.example/app/other', [], {}],
    ],
  })
  expect(await readOrigins(api)).toEqual(
    new Map([
      ['live+regatta', { live: true, pids: [26514], targets: ['rtmp://live.example/app/secret'] }],
      ['live+booting', { live: false, pids: [26514], targets: [] }],
    ]),
  )
})

test('a MistServer where nothing runs has no origins', async () => {
  expect(await readOrigins(await openMist({ active_streams: null, push_list: null }))).toEqual(new Map())
})

test('a reply that makes no sense is no empty MistServer, and shows no target', async () => {
  const api = await openMist({ active_streams: null, push_list: [['x', 'live+regatta', 'rtmp://live.example/secret']] })
  const failed = await readOrigins(api).catch((error: unknown) => error)
  expect(failed).toMatchObject({ reason: 'mist_nonsense' })
  expect(JSON.stringify(failed)).not.toContain('secret')
})
