import { shortenAddress } from '../../../shared/address.ts'
import { mapAddresses } from '../../../shared/events/addresses.ts'
import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { EventRecord } from '../../../shared/kafka/event-log.ts'
import type { Attribution } from './attribute.ts'
import { coarsenPlace } from './place.ts'
import { redact } from './redact.ts'
import type { Sender } from './sender.ts'

/**
 * The record of an event: stamped with whose it is and who saw it, its addresses shortened, its place made coarse, its credentials removed.
 * Its time in the log is that of the append, or retention would delete what a host ships late.
 */
export function toRecord(event: SentEvent, owner: Attribution, sender: Sender, received_at: string): EventRecord {
  const { node_id, cluster_id, source } = sender
  const { event_id, event_type } = event
  const { tenant_id, stream_id } = owner
  const stamp = { tenant_id, stream_id, node_id, cluster_id, received_at }
  const data = mapAddresses(event_type, coarsenPlace(event.data), shortenAddress)
  const value = redact(event_type, JSON.stringify({ ...event, ...stamp, data }))
  return {
    key: `${tenant_id ?? 'unattributed'}:${(tenant_id && stream_id) ?? node_id ?? source}`,
    value: Buffer.from(value),
    headers: { event_id, event_type, source, ...(tenant_id !== null && { tenant_id }) },
  }
}
