import { setImmediate as nextTurn } from 'node:timers/promises'
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
import type { OwnedEvent, Table } from '../tables/table.ts'
import { tables } from '../tables/tables.ts'
import { toUnattributedRow, unattributedEvents } from '../tables/unattributed-events.ts'
import { toUsageChanges } from '../tables/usage-changes.ts'
import { overlap } from './overlap.ts'
import { isAboutData, toWaiting } from './refusal.ts'

/** Events of one insert a table at most: inserts of half of it cost ClickHouse up to twice as much a row. */
export const SLICE_RECORDS_MAX = 5_000
/** Records that are read before sockets get their turn: about 2 ms. */
const READ_RECORDS_MAX = 250

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
 * Stores the events of a batch, slice by slice; storing them again changes no answer. Answers the records that cannot
 * be stored. Throws a retryable `Fault` when a store is out of reach: then the whole batch comes again.
 */
export async function ingest<R extends { value: Uint8Array }>(
  stores: Stores,
  records: readonly R[],
): Promise<{ failures: Failure<R>[] }> {
  const failures: Failure<R>[] = []
  const stored: StoredEvent[] = []
  const forgotten = await readForgotten(stores)
  await overlap(
    cut(records, SLICE_RECORDS_MAX),
    (slice) => readSlice(slice, forgotten),
    async ({ good, bad }) => {
      const refused = await storeApart(stores, good)
      failures.push(...bad, ...refused)
      const refusedRecords = new Set(refused.map(({ record }) => record))
      for (const { record, event } of good) if (!refusedRecords.has(record)) stored.push(event)
    },
  )
  await announce(stores, stored)
  return { failures }
}

/** The events of a slice but those of forgotten tenants, and the records that are none. */
async function readSlice<R extends { value: Uint8Array }>(slice: readonly R[], forgotten?: ReadonlySet<string>) {
  const good: Read<R>[] = []
  const bad: Failure<R>[] = []
  for (const [i, record] of slice.entries()) {
    if (i > 0 && i % READ_RECORDS_MAX === 0) await nextTurn()
    try {
      const event = readEvent(record.value)
      if (!forgotten?.has(event.tenant_id ?? '')) good.push({ record, event })
    } catch (error) {
      bad.push({ record, fault: toFault(error) })
    }
  }
  return { good, bad }
}

function* cut<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

async function readForgotten(stores: Stores): Promise<ReadonlySet<string> | undefined> {
  try {
    return await stores.readForgotten?.()
  } catch (error) {
    throw toWaiting(toFault(error))
  }
}

/** A slice that a store refuses is halved until the record that it refuses stands alone. */
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
  const byType = Map.groupBy(owned, ({ event_type }) => event_type)
  const inserts = tables.map((table) => {
    const ofType = byType.get(table.of) ?? []
    return insert(clickhouse, table, ofType, ofType.flatMap(table.toRows))
  })
  const strays = events.filter((event) => !isOwned(event))
  inserts.push(insert(clickhouse, unattributedEvents, strays, strays.map(toUnattributedRow)))
  // All are waited for, so that none still runs when the batch is tried again.
  const results = await Promise.allSettled([...inserts, writeState(db, owned)])
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [toFault(result.reason)] : []))
  // A store that is away comes first: only one that answers can say what it refuses.
  const [fault] = faults.sort((a, b) => Number(isAboutData(a)) - Number(isAboutData(b)))
  if (fault) throw fault
}

/** What readers conclude from facts comes after them, once a batch: a repeated batch says it once more. */
async function announce({ clickhouse }: Stores, events: readonly StoredEvent[]): Promise<void> {
  const changes = toUsageChanges(events.filter(isOwned))
  const heard = toHostsHeard(events)
  try {
    await Promise.all([
      changes.length > 0 && clickhouse.insert('usage_changes', changes),
      heard.length > 0 && clickhouse.insert('host_heard', heard),
    ])
  } catch (error) {
    throw toWaiting(toFault(error))
  }
}

async function insert(
  clickhouse: ClickHouse,
  { name, columns }: Pick<Table, 'name' | 'columns'>,
  events: readonly StoredEvent[],
  rows: readonly object[],
): Promise<void> {
  if (rows.length === 0) return
  const token = await sha256Hex([name, ...events.map(({ event_id }) => event_id)].join())
  await clickhouse.insert(name, rows, { token, columns: Object.keys(columns) })
}

function isOwned(event: StoredEvent): event is OwnedEvent {
  return event.tenant_id !== null
}
