import { z } from 'zod'
import type { EventRecord } from '../kafka/event-log.ts'
import { Name, Timestamp } from './fields.ts'

/**
 * Type of a record that is no event: Decklog puts one into each partition of the log, after what a host sent. Who has read it
 * has read all of that partition that the host journalled before.
 */
export const HOST_HEARD = 'host-heard'

export const HostHeard = z.strictObject({
  node_id: Name,
  /** The host's own time of its newest poll before the mark. */
  heard_at: Timestamp,
  /** How many partitions got this mark. */
  partitions: z.int().positive(),
})
export type HostHeard = z.infer<typeof HostHeard>

const encoder = new TextEncoder()

/** One mark for each partition. They go with the host's events and after them, so that none can overtake those. */
export function toMarks(node_id: string, heard_at: string, partitions: number): EventRecord[] {
  const mark: HostHeard = { node_id, heard_at, partitions }
  const value = encoder.encode(JSON.stringify(mark))
  return Array.from({ length: partitions }, (_, partition) => {
    return { key: `heard:${node_id}`, partition, value, headers: { event_type: HOST_HEARD } }
  })
}
