import type { Clock } from '../../../shared/clock.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { readEvent } from '../../../shared/events/read.ts'
import { toFault } from '../../../shared/fault.ts'
import type { Log } from '../../../shared/log.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Tables } from '../tables.ts'
import { emit, type Occurrence } from '../webhooks/emit.ts'
import { toOccurrence } from './occurrence.ts'

/** What happened longer ago is no news: a listener that begins with an old log tells nobody of last week. */
export const TOLD_WITHIN_MS = 24 * 60 * 60 * 1000

interface HearDeps {
  db: Database<Tables>
  clock: Clock
  log: Log
}

/**
 * Tells tenants' endpoints what the events of a batch say; a batch that comes again tells nothing again. Throws a
 * retryable `Fault` when the database is out of reach: then the whole batch comes again.
 */
export async function hear(
  { db, clock, log }: HearDeps,
  records: readonly { value: Uint8Array; headers: Readonly<Record<string, string>> }[],
): Promise<void> {
  const now = clock()
  const occurrences = records.flatMap(({ value, headers }) => {
    if (!mayTell(headers.event_type)) return []
    const event = tryRead(value, log)
    const occurrence = event && toOccurrence(event, now)
    return occurrence && now.getTime() - occurrence.at.getTime() <= TOLD_WITHIN_MS ? [occurrence] : []
  })
  for (const [tenant_id, own] of byTenant(occurrences)) {
    await db.within({ tenant_id }, async (tx) => {
      for (const occurrence of own) await emit(tx, occurrence)
    })
  }
}

const telling = new Set(['stream-ingest', 'stream-lifecycle', 'recording-lifecycle', 'push-lifecycle'])

/** The header spares reading the many events that tell nobody anything. */
function mayTell(eventType: string | undefined): boolean {
  return eventType === undefined || telling.has(eventType)
}

/** Periscope Ingest keeps what cannot be read as a dead letter; here it is passed over. */
function tryRead(value: Uint8Array, log: Log): StoredEvent | undefined {
  try {
    return readEvent(value)
  } catch (error) {
    log.warn('unreadable event passed over', { code: toFault(error).reason })
    return undefined
  }
}

function byTenant(occurrences: readonly Occurrence[]): Map<string, Occurrence[]> {
  const groups = new Map<string, Occurrence[]>()
  for (const occurrence of occurrences) {
    const group = groups.get(occurrence.tenant_id)
    if (group) group.push(occurrence)
    else groups.set(occurrence.tenant_id, [occurrence])
  }
  return groups
}
