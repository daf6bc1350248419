import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { readEvent } from '../../../shared/events/read.ts'
import { type Fault, toFault } from '../../../shared/fault.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { ReadForgotten } from '../retention/forgotten.ts'
import type { Tables } from '../state/tables.ts'
import { writeState } from '../state/write.ts'
import { toHostsHeard } from '../tables/host-heard.ts'
import type { OwnedEvent } from '../tables/table.ts'
import { tables } from '../tables/tables.ts'
import { toUnattributedRow, unattributedEvents } from '../tables/unattributed-events.ts'
import { toUsageChanges } from '../tables/usage-changes.ts'
import { isAboutData, toWaiting } from './refusal.ts'

/** Where events end up. */
export interface Stores {
  clickhouse: ClickHouse
  db: Database<Tables>
  /** Tenants of whom nothing is stored any more; none when absent. */
  readForgotten?: ReadForgotten
}

/** A record that can never be stored, and why. */
export interface Failure<R> {
  record: R
  fault: Fault
}

interface Read<R> {
  record: R
  event: StoredEvent
}

/**
 * Stores the events of a batch; storing them again changes no answer. Answers the records that cannot be stored.
 * Throws a retryable `Fault` when a store is out of reach: then the whole batch comes again.
 */
export async function ingest<R extends { value: Uint8Array }>(
  stores: Stores,
  records: readonly R[],
): Promise<{ failures: Failure<R>[] }> {
  const failures: Failure<R>[] = []
  const good: Read<R>[] = []
  const forgotten = await readForgotten(stores)
  for (const record of records) {
    try {
      const event = readEvent(record.value)
      if (!forgotten?.has(event.tenant_id ?? '')) good.push({ record, event })
    } catch (error) {
      failures.push({ record, fault: toFault(error) })
    }
  }
  failures.push(...(await storeApart(stores, good)))
  return { failures }
}

async function readForgotten(stores: Stores): Promise<ReadonlySet<string> | undefined> {
  try {
    return await stores.readForgotten?.()
  } catch (error) {
    throw toWaiting(toFault(error))
  }
}

/** A batch that a store refuses is halved until the record that it refuses stands alone. */
async function storeApart<R>(stores: Stores, batch: Read<R>[]): Promise<Failure<R>[]> {
  const [first] = batch
  if (!first) return []
  try {
    await store(
      stores,
      batch.map(({ event }) => event),
    )
    return []
  } catch (error) {
    const fault = toFault(error)
    if (!isAboutData(fault)) throw toWaiting(fault)
    if (batch.length === 1) return [{ record: first.record, fault }]
  }
  const half = Math.ceil(batch.length / 2)
  const head = await storeApart(stores, batch.slice(0, half))
  return [...head, ...(await storeApart(stores, batch.slice(half)))]
}

/** One insert a table. Every part may be repeated, so it does not matter which of them a failure lets through. */
async function store({ clickhouse, db }: Stores, events: readonly StoredEvent[]): Promise<void> {
  const owned = events.filter(isOwned)
  const inserts = tables.map(({ name, of, toRows }) => {
    const ofType = owned.filter((event) => event.event_type === of)
    return insert(clickhouse, name, ofType, ofType.flatMap(toRows))
  })
  const strays = events.filter((event) => !isOwned(event))
  inserts.push(insert(clickhouse, unattributedEvents.name, strays, strays.map(toUnattributedRow)))
  // All are waited for, so that none still runs when the batch is tried again.
  const results = await Promise.allSettled([...inserts, writeState(db, owned)])
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [toFault(result.reason)] : []))
  // A store that is away comes first: only one that answers can say what it refuses.
  const [fault] = faults.sort((a, b) => Number(isAboutData(a)) - Number(isAboutData(b)))
  if (fault) throw fault
  await announce(clickhouse, events, owned)
}

/** What readers conclude from facts comes after them: a repeated batch says it once more. */
async function announce(
  clickhouse: ClickHouse,
  events: readonly StoredEvent[],
  owned: readonly OwnedEvent[],
): Promise<void> {
  const changes = toUsageChanges(owned)
  const heard = toHostsHeard(events)
  await Promise.all([
    changes.length > 0 && clickhouse.insert('usage_changes', changes),
    heard.length > 0 && clickhouse.insert('host_heard', heard),
  ])
}

async function insert(
  clickhouse: Stores['clickhouse'],
  table: string,
  events: readonly StoredEvent[],
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return
  const token = await sha256Hex([table, ...events.map(({ event_id }) => event_id)].join())
  await clickhouse.insert(table, rows, { token })
}

function isOwned(event: StoredEvent): event is OwnedEvent {
  return event.tenant_id !== null
}
