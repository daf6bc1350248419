import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { CreatedWebhookEndpoint, WebhookBody } from '../../../shared/contract/webhooks.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { newId } from '../../../shared/ids.ts'
import { createLog } from '../../../shared/log.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { openReceiver, type Receiver } from '../testing/receiver.ts'
import { hear, TOLD_WITHIN_MS } from './hear.ts'

let door: TestCommodore
let receiver: Receiver
let ann: Account
const streamId = newId('stream')

beforeAll(async () => {
  door = await openCommodore()
  receiver = await openReceiver()
  ann = await door.account('ann')
  const body = { url: `http://127.0.0.1:${receiver.port}/hook` }
  await receive(CreatedWebhookEndpoint, send(door, 'POST /webhook-endpoints', { token: ann.token, body }))
})
afterAll(async () => {
  await receiver[Symbol.asyncDispose]()
  await door[Symbol.asyncDispose]()
})
beforeEach(() => {
  receiver.received.length = 0
})

const noFigures = {
  replicated: null,
  viewers: null,
  inputs: null,
  outputs: null,
  tracks: null,
  ingress_bytes: null,
  egress_bytes: null,
  viewer_seconds: null,
  packets_sent: null,
  packets_lost: null,
  packets_retransmitted: null,
  buffer_ms: null,
  jitter_ms: null,
  issues: null,
}
const ready = { ...noFigures, status: 'starting', cause: 'ready', reason: null, input_type: 'Buffer' }
const push = { push_id: 1, target: 'rtmp://live.example/app/***', status: null, log_tail: [] }
const publishing = {
  action: 'start',
  protocol: 'RTMP',
  publisher_host: '192.0.2.0',
  request_url: null,
  connector_pid: 7,
  reason_code: null,
  reason: null,
  provenance: 'reported',
}
const recording = {
  action: 'end',
  path: '/recordings/regatta.mkv',
  format: 'mkv',
  bytes: 12,
  seconds: 3,
  start: null,
  end: null,
  media_ms: 2_960,
  first_ms: 0,
  last_ms: 2_960,
  succeeded: true,
  reason_code: null,
  reason: null,
}

interface Record {
  value: Uint8Array
  headers: { event_type: string }
}

/** An event as it lies in the topic, `ageMs` old. */
function record(
  event_type: StoredEvent['event_type'],
  data: object,
  { tenant_id = ann.tenant_id, ageMs = 0 } = {},
): Record {
  const event = {
    event_id: crypto.randomUUID(),
    event_type,
    schema_version: 1,
    stream_name: 'live+regatta',
    occurred_at: new Date(door.quartermaster.now().getTime() - ageMs).toISOString(),
    source: 'helmsman',
    tenant_id,
    stream_id: streamId,
    node_id: newId('node'),
    cluster_id: newId('cluster'),
    received_at: door.quartermaster.now().toISOString(),
    data,
  }
  return { value: Buffer.from(JSON.stringify(event)), headers: { event_type } }
}

/** What the endpoint is told after the listener heard a batch. */
async function told(...batch: Record[]) {
  await hear({ db: door.db, clock: door.quartermaster.now, log: createLog('commodore-events') }, batch)
  await door.deliver()
  return receiver.received.splice(0).map(({ body }) => WebhookBody.parse(JSON.parse(body)))
}
const typesOf = async (...batch: Record[]) => (await told(...batch)).map(({ type }) => type)

test.each([
  ['stream.connected', 'stream-ingest', publishing],
  ['stream.rejected', 'stream-ingest', { ...publishing, action: 'rejected', reason_code: 'unknown_key' }],
  ['stream.disconnected', 'stream-ingest', { ...publishing, action: 'end' }],
  ['stream.live', 'stream-lifecycle', ready],
  ['recording.ready', 'recording-lifecycle', recording],
  ['recording.failed', 'recording-lifecycle', { ...recording, succeeded: false, reason: 'disk full' }],
  ['push.started', 'push-lifecycle', { ...push, action: 'start' }],
  ['push.ended', 'push-lifecycle', { ...push, action: 'end' }],
] as const)('%s is told of a %s', async (type, event_type, data) => {
  const heard = record(event_type, data)
  const { event_id, occurred_at } = JSON.parse(Buffer.from(heard.value).toString())
  expect(await told(heard)).toMatchObject([{ type, timestamp: occurred_at, data: { event_id, stream_id: streamId } }])
})

test('what comes again, in the same batch or later, is told once', async () => {
  const first = record('stream-ingest', publishing)
  const second = record('stream-ingest', { ...publishing, action: 'end' })
  expect(await typesOf(first, second, first)).toEqual(['stream.connected', 'stream.disconnected'])
  expect(await typesOf(first, second)).toEqual([])
})

test('figures, segments and copies on other hosts are no news', async () => {
  expect(
    await typesOf(
      record('stream-lifecycle', { ...ready, status: 'live', cause: 'poll' }),
      record('stream-lifecycle', { ...ready, input_type: 'DTSC' }),
      record('recording-lifecycle', { ...recording, action: 'segment' }),
    ),
  ).toEqual([])
})

test('what cannot be read holds up nothing, and what is old or another tenant’s is not told', async () => {
  const broken = { value: Buffer.from('{"event_type":'), headers: { event_type: 'stream-ingest' } }
  const old = record('stream-ingest', publishing, { ageMs: TOLD_WITHIN_MS + 1 })
  const foreign = record('stream-ingest', publishing, { tenant_id: newId('tenant') })
  const news = record('stream-lifecycle', ready)
  expect(await typesOf(broken, old, foreign, news)).toEqual(['stream.live'])
})
