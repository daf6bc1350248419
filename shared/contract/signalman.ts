import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { NodeId, StreamId } from './fields.ts'
import { FEED_EVENTS_MAX, FILTER_NAMES_MAX, SUBSCRIPTIONS_MAX } from './signalman-limits.ts'

/** The types of events that may be subscribed to. */
export const LiveEventType = z.enum([
  'stream-ingest',
  'stream-lifecycle',
  'stream-buffer',
  'stream-end',
  'track-list',
  'push-lifecycle',
  'recording-lifecycle',
  'stream-view',
  'user-connection',
  'client-lifecycle',
  'load-balancing',
  'node-monitoring',
])
export type LiveEventType = z.infer<typeof LiveEventType>

const filter = {
  types: z
    .array(LiveEventType)
    .min(1)
    .optional()
    .describe('Only events of these types; all that the caller may see if absent'),
  streams: z
    .array(StreamId)
    .min(1)
    .max(FILTER_NAMES_MAX)
    .optional()
    .describe('Only events of these streams; events of no stream are left out then'),
  nodes: z.array(NodeId).min(1).max(FILTER_NAMES_MAX).optional().describe('Only events that these nodes observed'),
}

/** What to be told of: an event must meet all that is given. */
export const Filter = z.object(filter)
export type Filter = z.infer<typeof Filter>

/** A place in a tenant's sequence. `epoch` names the sequence itself: after a loss of the hub's state there is a new one. */
export const Position = z.object({ epoch: z.uuid(), seq: z.int().min(0) })
export type Position = z.infer<typeof Position>

const SubscriptionId = z.string().min(1).max(64).describe('The client’s own name for the subscription')

/** What a client says, one JSON object a frame. The bare text `ping` is answered by `pong` and needs no object. */
export const ClientFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subscribe'), id: SubscriptionId, ...filter }),
  z
    .object({
      type: z.literal('resume'),
      after: Position.describe('The last event that came, or where `hello` began if none did'),
      subscriptions: z
        .array(
          z.object({
            id: SubscriptionId,
            ...filter,
            since: z.int().min(0).describe('The `seq` of the subscription’s snapshot, which holds all before it'),
          }),
        )
        .min(1)
        .max(SUBSCRIPTIONS_MAX),
    })
    .describe('Goes on with what another connection had, as the first thing that is said'),
  z.object({ type: z.literal('unsubscribe'), id: z.string() }),
  z.object({ type: z.literal('ack'), seq: z.int().min(0).describe('Everything up to here has arrived') }),
])
export type ClientFrame = z.input<typeof ClientFrame>

/** An event as it happened. Every event has its own `seq`; those of what is not subscribed to are missing between them. */
export const LiveEvent = z.object({
  seq: z.int(),
  event_id: z.uuid(),
  event_type: LiveEventType,
  stream_id: z.string().nullable(),
  node_id: z.string().nullable(),
  occurred_at: z.iso.datetime(),
  data: z.record(z.string(), z.unknown()).describe('As the event’s type has it'),
})
export type LiveEvent = z.infer<typeof LiveEvent>

/** Why there is a snapshot: `fresh`, nothing was asked for; `too_old`, what was missed is gone; `behind`, the client was too slow. */
const SnapshotReason = z.enum(['fresh', 'too_old', 'behind'])
export type SnapshotReason = z.infer<typeof SnapshotReason>

/** What the hub says, one JSON object a frame. */
export const ServerFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), epoch: z.uuid(), seq: z.int(), expires_in_ms: z.int() }),
  z.object({
    type: z.literal('snapshot'),
    id: z.string(),
    reason: SnapshotReason,
    seq: z.int().describe('The state is as of this; events after it follow'),
    state: z.array(LiveEvent).describe('The newest event of each kind of state, by stream and node'),
    more: z.boolean().describe('Whether the next frame goes on with this snapshot'),
  }),
  z.object({ type: z.literal('resumed'), seq: z.int().describe('What was missed up to here follows, in order') }),
  z.object({ type: z.literal('events'), events: z.array(LiveEvent) }),
  z.object({ type: z.literal('unsubscribed'), id: z.string() }),
  z.object({
    type: z.literal('error'),
    code: z.string(),
    detail: z.string(),
    id: z.string().optional().describe('The subscription that it is about'),
  }),
])
export type ServerFrame = z.infer<typeof ServerFrame>

export const IssuedTicket = z.object({
  ticket: z.string().describe('For `GET /ws?ticket=…` or `GET /events?ticket=…` of Signalman, once'),
  expires_in: z.int().describe('Seconds'),
})

/** An event from the log, and where it lies there. */
export const FedEvent = z.object({
  partition: z.int().min(0),
  offset: z.string().regex(/^\d{1,19}$/),
  received_at: z.iso.datetime(),
  event: LiveEvent.omit({ seq: true }),
})
export type FedEvent = z.infer<typeof FedEvent>

/** Brings a tenant's events to its hub; what comes again changes nothing. */
export const feedHub = endpoint({
  method: 'POST',
  path: '/feed/{tenant_id}',
  request: z.object({ tenant_id: z.string(), events: z.array(FedEvent).min(1).max(FEED_EVENTS_MAX) }),
  response: z.object({ taken: z.int().describe('How many of them were new') }),
})
