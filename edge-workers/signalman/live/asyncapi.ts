import { z } from 'zod'
import { ClientFrame, ServerFrame } from '../../../shared/contract/signalman.ts'
import { PING_INTERVAL_MS } from '../../../shared/contract/signalman-limits.ts'

const STREAM = 'str_0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000'
const NODE = 'nod_0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000'
const EPOCH = '5f0c9e0e-6c0f-4d9b-9c55-9f9bb1a3a001'

const event = {
  seq: 42,
  event_id: '0b5a4d1e-7f64-5f5e-8f57-0d9e4e0c1a11',
  event_type: 'stream-buffer',
  stream_id: STREAM,
  node_id: NODE,
  occurred_at: '2026-11-24T10:00:00.000Z',
  data: { state: 'FULL' },
} as const

/** What a client may say, in an order in which it makes sense on one connection. */
const clientExamples: z.input<typeof ClientFrame>[] = [
  { type: 'subscribe', id: 'dashboard', types: ['stream-lifecycle', 'stream-buffer', 'stream-end'] },
  { type: 'subscribe', id: 'player', streams: [STREAM] },
  { type: 'ack', seq: 42 },
  { type: 'unsubscribe', id: 'dashboard' },
]

/** The same of a client that comes back. */
const resumeExample: z.input<typeof ClientFrame> = {
  type: 'resume',
  after: { epoch: EPOCH, seq: 42 },
  subscriptions: [{ id: 'player', streams: [STREAM], since: 40 }],
}

const serverExamples: z.input<typeof ServerFrame>[] = [
  { type: 'hello', epoch: EPOCH, seq: 41, expires_in_ms: 900_000 },
  { type: 'snapshot', id: 'player', reason: 'fresh', seq: 41, state: [{ ...event, seq: 41 }], more: false },
  { type: 'events', events: [event] },
  { type: 'resumed', seq: 44 },
  { type: 'unsubscribed', id: 'dashboard' },
  { type: 'error', id: 'viewers', code: 'forbidden', detail: 'You may not see user-connection.' },
]

/** The socket's two sides as an AsyncAPI 3 document, made from the schemas that the hub itself reads and writes by. */
export function describeSocket() {
  const clientSays = messagesOf(ClientFrame, [...clientExamples, resumeExample])
  const hubSays = messagesOf(ServerFrame, serverExamples)
  const refs = (messages: object) =>
    Object.keys(messages).map((name) => ({ $ref: `#/channels/events/messages/${name}` }))
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Signalman',
      version: '1',
      description: `A tenant's events as they happen. One JSON object a frame. The bare text \`ping\`, every ${PING_INTERVAL_MS / 1000} s, is answered by \`pong\`.`,
    },
    channels: {
      events: {
        address: '/ws',
        description: 'Open it with `?ticket=` of Commodore’s `POST /signalman/tickets`, or a bearer token.',
        messages: { ...clientSays, ...hubSays },
      },
    },
    operations: {
      say: { action: 'receive', channel: { $ref: '#/channels/events' }, messages: refs(clientSays) },
      hear: { action: 'send', channel: { $ref: '#/channels/events' }, messages: refs(hubSays) },
    },
  }
}

/** One message for each frame of a union, by its type, with the examples of that type. */
function messagesOf(frames: typeof ClientFrame | typeof ServerFrame, examples: readonly { type: string }[]) {
  return Object.fromEntries(
    frames.options.map((frame) => {
      const type = frame.shape.type.value
      const { $schema: _, ...payload } = z.toJSONSchema(frame, { io: 'input', target: 'draft-7' })
      const own = examples.filter((example) => example.type === type)
      return [type, { name: type, payload, examples: own.map((example) => ({ payload: example })) }]
    }),
  )
}
