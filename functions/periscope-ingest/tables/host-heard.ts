import type { StoredEvent } from '../../../shared/events/envelope.ts'

interface HostHeard {
  node_id: string
  heard_at: string
}

/** Up to when hosts have been heard, by the newest poll of each. */
export function toHostsHeard(events: readonly StoredEvent[]): HostHeard[] {
  const heard = new Map<string, string>()
  for (const { event_type, node_id, occurred_at } of events) {
    if (event_type !== 'node-monitoring' || node_id === null) continue
    if (occurred_at > (heard.get(node_id) ?? '')) heard.set(node_id, occurred_at)
  }
  return [...heard].map(([node_id, heard_at]) => ({ node_id, heard_at }))
}
