import { catalogue, type EventData, type EventType } from '../../../shared/events/catalogue.ts'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import { NAME_CHARS_MAX, TEXT_CHARS_MAX, URL_CHARS_MAX } from '../../../shared/events/limits.ts'

export interface Facts<T extends EventType> {
  event_id: string
  occurred_at: Date
  stream_name: string
  data: EventData<T>
}

/** An event of `type` as Helmsman sends it. */
export function createEvent<T extends EventType>(type: T, facts: Facts<T>): SentEvent<T> {
  const { event_id, occurred_at, stream_name, data } = facts
  return {
    event_id,
    event_type: type,
    stream_name: name(stream_name),
    occurred_at: occurred_at.toISOString(),
    source: 'helmsman',
    schema_version: catalogue[type].schema_version,
    data,
  } as SentEvent<T>
}

/** Texts come from the network: what is too long is cut, as a fact with a cut text is worth more than none. */
export function name(text: string): string {
  return clip(text, NAME_CHARS_MAX)
}

export function url(text: string): string {
  return clip(text, URL_CHARS_MAX)
}

export function words(text: string): string {
  return clip(text, TEXT_CHARS_MAX)
}

function clip(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : text.slice(0, charsMax).toWellFormed()
}
