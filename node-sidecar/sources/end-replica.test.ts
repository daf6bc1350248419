import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'
import { MistApi } from '../mist/api.ts'
import { serve } from '../serve.ts'
import { captureLog } from '../testing/log-lines.ts'
import { endReplica, REPLICA_END_MS } from './end-replica.ts'

const NAME = 'live+regatta'

/** MistServer's API as a port that notes what it is told, and shows what the test wants it to. */
async function openMist(stream: Record<string, unknown> | null) {
  const { log, lines } = captureLog()
  const orders: Record<string, unknown>[] = []
  const reply = { active_streams: stream && { [NAME]: { pid: [31_000], ...stream } } }
  const opened = { orders, reply, lines, onOrder: (): void => undefined, end: () => endReplica(api, log, NAME) }
  const app = new Hono().post('/api2', async (c) => {
    const call = await c.req.json<Record<string, unknown>>()
    if (!('active_streams' in call)) {
      orders.push(call)
      opened.onOrder()
    }
    return c.json(reply)
  })
  const served = await serve(app, { hostname: '127.0.0.1', port: 0 })
  onTestFinished(() => served[Symbol.asyncDispose]())
  const api = new MistApi({ url: new URL(`http://127.0.0.1:${served.port}`) })
  return opened
}

test.each([
  ['pulled from another host', { status: 'Online', tags: ['replicated'] }],
  ['about to be', { status: 'Waiting for data', tags: null }],
])('a stream that is %s ends', async (_, stream) => {
  const mist = await openMist(stream)
  mist.onOrder = () => {
    mist.reply.active_streams = null
  }
  await mist.end()
  expect(mist.orders).toEqual([{ stop_sessions: NAME }])
})

test.each([
  ['not there', null],
  ['ending', { status: 'Shutting down', tags: null }],
  ['waiting for its publisher to come back', { status: 'Online', tags: null }],
])('a stream that is %s is left alone', async (_, stream) => {
  const mist = await openMist(stream)
  await mist.end()
  expect(mist.orders).toEqual([])
})

test('a replica that does not end is not killed, as that would take its publisher along', async () => {
  const mist = await openMist({ status: 'Online', tags: ['replicated'] })
  const begun = performance.now()
  await mist.end()
  expect(performance.now() - begun).toBeGreaterThanOrEqual(REPLICA_END_MS)
  expect(mist.orders).toEqual([{ stop_sessions: NAME }])
  expect(mist.lines.join('')).toContain('a replica does not end')
})
