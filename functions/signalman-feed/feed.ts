import { type Client, call } from '../../shared/client/client.ts'
import type { Clock } from '../../shared/clock.ts'
import { type FedEvent, feedHub, LiveEventType } from '../../shared/contract/signalman.ts'
import { FEED_EVENTS_MAX } from '../../shared/contract/signalman-limits.ts'
import type { StoredEvent } from '../../shared/events/envelope.ts'
import { readEvent } from '../../shared/events/read.ts'
import { toFault } from '../../shared/fault.ts'
import type { ConsumedRecord } from '../../shared/kafka/event-log.ts'
import type { Log } from '../../shared/log.ts'

/** What Decklog took longer ago is no news, and hubs remember no longer what they have told. */
export const TOLD_WITHIN_MS = 10 * 60_000
/** Text of one call, in characters: less than Signalman takes in bytes. */
export const CALL_CHARS_MAX = 2 * 1024 * 1024
/** Hubs that are told at a time. */
export const HUBS_AT_ONCE = 16
/** More than a log has. */
export const LOG_PARTITIONS_MAX = 10_000

export interface FeedDeps {
  signalman: Client
  /** Hubs hear from several logs, whose partitions have the same numbers. */
  log_number: number
  clock: Clock
  log: Log
}

type Fed = Pick<ConsumedRecord, 'partition' | 'offset' | 'value' | 'headers'>

/**
 * Brings the events of a batch to the hubs of their tenants, in order; a batch that comes again changes nothing. Throws a
 * retryable `Fault` when a hub cannot be told: then the whole batch comes again, until its events are no news any more.
 */
export async function feed(deps: FeedDeps, records: readonly Fed[]): Promise<void> {
  const since = deps.clock().getTime() - TOLD_WITHIN_MS
  const byTenant = new Map<string, FedEvent[]>()
  for (const record of records) {
    const event = read(record, deps.log)
    if (event?.tenant_id == null || Date.parse(event.received_at) < since) continue
    byTenant.set(event.tenant_id, [...(byTenant.get(event.tenant_id) ?? []), toFed(record, event, deps.log_number)])
  }
  const tenants = [...byTenant]
  for (let at = 0; at < tenants.length; at += HUBS_AT_ONCE) {
    const told = tenants.slice(at, at + HUBS_AT_ONCE).map(([tenant_id, events]) => tell(deps, tenant_id, events))
    const failed = (await Promise.allSettled(told)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }
}

/** Tells a hub what is its tenant's; what it finds wrong in itself is said in the log and passed over. */
async function tell({ signalman, log }: FeedDeps, tenant_id: string, events: readonly FedEvent[]): Promise<void> {
  for (const part of inCalls(events)) {
    try {
      await call(signalman, feedHub, { tenant_id, events: part })
    } catch (error) {
      const fault = toFault(error)
      if (fault.retry) throw fault
      log.error('events are not told', { tenant_id, events: part.length, code: fault.reason, error })
    }
  }
}

/** The header spares reading what is told to nobody. Periscope Ingest keeps what cannot be read; here it is passed over. */
function read({ value, headers }: Fed, log: Log): StoredEvent | undefined {
  if (!LiveEventType.safeParse(headers.event_type).success) return undefined
  try {
    return readEvent(value)
  } catch (error) {
    log.warn('unreadable event passed over', { code: toFault(error).reason })
    return undefined
  }
}

function toFed(record: Fed, stored: StoredEvent, log_number: number): FedEvent {
  const partition = log_number * LOG_PARTITIONS_MAX + record.partition
  const { event_id, event_type, stream_id, node_id, occurred_at, received_at, data } = stored
  const event = { event_id, event_type, stream_id, node_id, occurred_at, data: { ...data } }
  return { partition, offset: String(record.offset), received_at, event }
}

function* inCalls(events: readonly FedEvent[]): Generator<FedEvent[]> {
  let part: FedEvent[] = []
  let chars = 0
  for (const event of events) {
    const size = JSON.stringify(event).length
    if (part.length > 0 && (part.length >= FEED_EVENTS_MAX || chars + size > CALL_CHARS_MAX)) {
      yield part
      part = []
      chars = 0
    }
    part.push(event)
    chars += size
  }
  if (part.length > 0) yield part
}
