import type { Event } from '../../../shared/proto/decklog_pb.ts'
import type { Candidate } from './check.ts'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** An event of the Connect door: its envelope is in the message, its data JSON in UTF-8. */
export function toCandidate(event: Event): Candidate {
  const { data } = event
  const { eventId: event_id, eventType, streamName, occurredAt, source, schemaVersion } = event
  return {
    event_id,
    bytes: data.byteLength,
    read: () => ({
      event_id,
      event_type: eventType,
      stream_name: streamName,
      occurred_at: occurredAt,
      source,
      schema_version: schemaVersion,
      data: JSON.parse(decoder.decode(data)),
    }),
  }
}
