import type { StoredEvent } from '../../../shared/events/envelope.ts'
import type { Occurrence } from '../webhooks/emit.ts'

type Told = Pick<Occurrence, 'type' | 'data'>

/** What a tenant is told when an event says so, or undefined: most events are figures. */
export function toOccurrence(event: StoredEvent, now: Date): Occurrence | undefined {
  const { tenant_id, stream_id, event_id, node_id, cluster_id } = event
  if (tenant_id === null || stream_id === null) return undefined
  const told = toTold(event)
  if (!told) return undefined
  return {
    tenant_id,
    type: told.type,
    subject: stream_id,
    at: new Date(event.occurred_at),
    data: { event_id, stream_id, node_id, cluster_id, ...told.data },
    heard: { event_id, at: now },
  }
}

function toTold(event: StoredEvent): Told | undefined {
  switch (event.event_type) {
    case 'stream-ingest': {
      const { action, protocol, reason_code, reason } = event.data
      if (action === 'start') return { type: 'stream.connected', data: { protocol } }
      if (action === 'rejected') return { type: 'stream.rejected', data: { protocol, reason_code, reason } }
      return { type: 'stream.disconnected', data: { protocol, reason } }
    }
    case 'stream-lifecycle': {
      const { cause, input_type } = event.data
      // On a host that pulls the stream from another one the input is that pull: it was live before.
      return cause === 'ready' && input_type === 'Buffer' ? { type: 'stream.live', data: {} } : undefined
    }
    case 'recording-lifecycle': {
      const { action, path, format, bytes, media_ms, start, end, succeeded, reason_code, reason } = event.data
      if (action !== 'end') return undefined
      if (succeeded === false) return { type: 'recording.failed', data: { path, reason_code, reason } }
      return { type: 'recording.ready', data: { path, format, bytes, media_ms, start, end } }
    }
    case 'push-lifecycle': {
      const { action, push_id, target, status } = event.data
      if (action === 'start') return { type: 'push.started', data: { push_id, target } }
      return { type: 'push.ended', data: { push_id, target, active_ms: status?.active_ms ?? null } }
    }
    default:
      return undefined
  }
}
