import type { EventType } from '../../../shared/events/catalogue.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { newId } from '../../../shared/ids.ts'
import { readSessionEvents } from '../../periscope-ingest/testing/events.ts'

/** A recorded ten-minute session of a real media host, each event once, as one tenant's. */
export interface RecordedSession {
  tenant_id: string
  events: StoredEvent[]
  /** Stream ids by the runtime name that the media host used. */
  streams: Map<string, string>
  of<T extends EventType>(type: T, stream_id?: string): StoredEvent<T>[]
}

/** Covers the whole recording. */
export const RANGE = { from: '2026-11-24T00:00:00.000Z', to: '2026-11-24T01:00:00.000Z' }

export function recordedSession(): RecordedSession {
  const tenant_id = newId('tenant')
  const streams = new Map<string, string>()
  const idOf = (name: string) => {
    const id = streams.get(name) ?? newId('stream')
    streams.set(name, id)
    return id
  }
  const once = new Map(readSessionEvents().map((event) => [event.event_id, event]))
  const events = [...once.values()].map((event) => {
    return event.tenant_id === null ? event : { ...event, tenant_id, stream_id: idOf(event.stream_name) }
  })
  return {
    tenant_id,
    events,
    streams,
    of: <T extends EventType>(type: T, stream_id?: string) =>
      events.filter(
        (event): event is StoredEvent<T> & StoredEvent =>
          event.event_type === type &&
          event.tenant_id !== null &&
          (stream_id === undefined || event.stream_id === stream_id),
      ),
  }
}
