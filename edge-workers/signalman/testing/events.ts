import type { FedEvent, LiveEventType } from '../../../shared/contract/signalman.ts'
import { newId } from '../../../shared/ids.ts'

/** A tenant's part of the log: each record has its place and its event an id of its own. */
export function createLogOf(partitions = 2) {
  const next = Array.from({ length: partitions }, () => 0)
  let made = 0
  return {
    /** Further records, one an event. */
    write(...events: { event_type?: LiveEventType; stream_id?: string | null; node_id?: string; data?: object }[]) {
      return events.map(({ event_type = 'stream-lifecycle', stream_id = null, node_id, data = {} }): FedEvent => {
        const partition = made % partitions
        const at = new Date(Date.now() + made++).toISOString()
        const offset = String(next[partition] ?? 0)
        next[partition] = Number(offset) + 1
        const event = {
          event_id: crypto.randomUUID(),
          event_type,
          stream_id,
          node_id: node_id ?? NODE,
          occurred_at: at,
          data: { ...data },
        }
        return { partition, offset, received_at: at, event }
      })
    },
  }
}

const NODE = newId('node')
