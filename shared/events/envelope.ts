import { z } from 'zod'
import { type Catalogue, catalogue, type EventData, type EventType, eventTypes } from './catalogue.ts'
import { Name, Timestamp } from './fields.ts'

/** Who observed what the event tells. */
export const EventSource = z.enum(['helmsman', 'foghorn'])
export type EventSource = z.infer<typeof EventSource>

/** The envelope of an event as its observer sends it. */
export const sent = {
  /** Derived from the source event (shared/ids.ts), so a repeat has the same id. */
  event_id: z.uuid(),
  /** MistServer's runtime name, `live+<internal name>`; empty for what concerns no stream. */
  stream_name: Name,
  occurred_at: Timestamp,
  source: EventSource,
}

/** What Decklog makes of it. */
export const stored = {
  ...sent,
  /** Null when the stream has no known owner; such events are kept apart, never dropped. */
  tenant_id: Name.nullable(),
  stream_id: Name.nullable(),
  /** Of the sender's token; null for what no single host observed. */
  node_id: Name.nullable(),
  cluster_id: Name.nullable(),
  received_at: Timestamp,
}

type Sent = z.infer<z.ZodObject<typeof sent>>
type Stored = z.infer<z.ZodObject<typeof stored>>
type Typed<T extends EventType> = {
  event_type: T
  schema_version: Catalogue[T]['schema_version']
  data: EventData<T>
}

/** An event as its observer sends it; `SentEvent<'stream-end'>` is one type, `SentEvent` any of them. */
export type SentEvent<T extends EventType = EventType> = T extends EventType ? Sent & Typed<T> : never
/** An event as it lies in the topic, after Decklog stamped whose it is. */
export type StoredEvent<T extends EventType = EventType> = T extends EventType ? Stored & Typed<T> : never

export const SentEvent = oneOfAllTypes<SentEvent>(sent)
export const StoredEvent = oneOfAllTypes<StoredEvent>(stored)

/**
 * The union over the catalogue, told apart by `event_type`. The cast holds because every option is made here of
 * the envelope's fields and of the catalogue's entry that `Typed` names.
 */
function oneOfAllTypes<Event>(fields: typeof sent | typeof stored) {
  const [first, ...others] = eventTypes.map((type) => toSchema(type, fields))
  if (first === undefined) throw new TypeError('the catalogue is empty')
  return z.discriminatedUnion('event_type', [first, ...others]) as unknown as z.ZodType<Event>
}

/** The schema of one type's events. */
export function toSchema(event_type: EventType, fields: typeof sent | typeof stored) {
  const { schema_version, data } = catalogue[event_type]
  return z.strictObject({
    ...fields,
    event_type: z.literal(event_type),
    schema_version: z.literal(schema_version),
    data,
  })
}
