import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { json, text, time, uuid, word } from './column.ts'
import { blockOpenerOf, type Row } from './table.ts'

const columns = {
  event_id: uuid,
  event_type: word,
  stream_name: text,
  node_id: word,
  cluster_id: word,
  occurred_at: time,
  received_at: time,
  event: json,
}

/** Events of which nobody knows the owner, whole; they belong to no tenant, so only operators see them. */
export const unattributedEvents = { name: 'unattributed_events', columns, openBlock: blockOpenerOf(columns) }

export function toUnattributedRow(event: StoredEvent): Row<typeof columns> {
  const { event_id, event_type, stream_name, node_id, cluster_id, occurred_at, received_at } = event
  return {
    event_id,
    event_type,
    stream_name,
    node_id: node_id ?? '',
    cluster_id: cluster_id ?? '',
    occurred_at,
    received_at,
    event: JSON.stringify(event),
  }
}
