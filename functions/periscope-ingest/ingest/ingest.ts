import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { readEvent } from '../../../shared/events/read.ts'
import { type Fault, toFault } from '../../../shared/fault.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { ReadForgotten } from '../retention/forgotten.ts'
import type { Tables } from '../state/tables.ts'
import { writeState } from '../state/write.ts'
import { type HostHeardRow, isMark, readMark } from '../tables/host-heard.ts'
import { Harvest } from './harvest.ts'
import { isAboutData, toWaiting } from './refusal.ts'

/** Records that are read, and forgotten again, before sockets get their turn: about 2 ms. */
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

/** A batch of the log, read and checked: what is left to do is the stores' work. */
export interface ReadBatch<R> {
  good: R[]
  bad: Failure<R>[]
  /** Of the good ones; absent when one of them holds what its table cannot. */
  harvest: Harvest | undefined
}

/** A record of the log, or the value of one. */
interface Valued {
  value: Uint8Array
  headers?: Readonly<Record<string, string>>
  partition?: number
}

/**
 * Stores the events of a batch; storing them again changes no answer. Answers the records that cannot be stored. Throws
 * a retryable `Fault` when a store is out of reach: then the whole batch comes again.
 */
export async function ingest<R extends Valued>(
  stores: Stores,
  records: readonly R[],
): Promise<{ failures: Failure<R>[] }> {
  return { failures: await storeBatch(stores, await readBatch(records)) }
}

/** The first half of `ingest`, which may run while the batch before is stored. */
export async function readBatch<R extends Valued>(records: readonly R[]): Promise<ReadBatch<R>> {
  const good: R[] = []
  const bad: Failure<R>[] = []
  const marks: HostHeardRow[] = []
  let harvest: Harvest | undefined = new Harvest()
  for (let at = 0; at < records.length; at += READ_RECORDS_MAX) {
    if (at > 0) await nextTurn()
    const events: StoredEvent[] = []
    for (const record of records.slice(at, at + READ_RECORDS_MAX)) {
      try {
        if (isMark(record)) marks.push(readMark(record))
        else events.push(readEvent(record.value))
        good.push(record)
      } catch (error) {
        bad.push({ record, fault: toFault(error) })
      }
    }
    try {
      harvest?.add(events)
    } catch {
      // The one that cannot be written is found when they are stored apart.
      harvest = undefined
    }
  }
  for (const mark of marks) harvest?.hear(mark)
  return { good, bad, harvest }
}

/** The second half of `ingest`, for one batch after the other. */
export async function storeBatch<R extends Valued>(stores: Stores, batch: ReadBatch<R>): Promise<Failure<R>[]> {
  // Only now: a batch may have waited long since it was read.
  const { good, bad, harvest } = without(await readForgotten(stores), batch)
  const { refused, stored } = await storeApart(stores, good, harvest)
  for (const each of stored) await announce(stores, each)
  return [...bad, ...refused]
}

function without<R extends Valued>(forgotten: ReadonlySet<string> | undefined, batch: ReadBatch<R>): ReadBatch<R> {
  const { good, harvest } = batch
  if (!forgotten || (harvest && ![...harvest.tenants].some((tenant) => forgotten.has(tenant)))) return batch
  const kept = good.filter((record) => isMark(record) || !forgotten.has(readEvent(record.value).tenant_id ?? ''))
  return { ...batch, good: kept, harvest: undefined }
}

async function readForgotten(stores: Stores): Promise<ReadonlySet<string> | undefined> {
  try {
    return await stores.readForgotten?.()
  } catch (error) {
    throw toWaiting(toFault(error))
  }
}

interface Outcome<R> {
  refused: Failure<R>[]
  stored: Harvest[]
}

/** A batch that a store refuses is halved until the record that it refuses stands alone. */
async function storeApart<R extends Valued>(stores: Stores, batch: R[], ready?: Harvest): Promise<Outcome<R>> {
  const [record] = batch
  if (!record) return { refused: [], stored: [] }
  try {
    const harvest = ready ?? harvestOf(batch)
    await store(stores, harvest)
    return { refused: [], stored: [harvest] }
  } catch (error) {
    const fault = toFault(error)
    if (!isAboutData(fault)) throw toWaiting(fault)
    if (batch.length === 1) return { refused: [{ record, fault }], stored: [] }
  }
  const half = Math.ceil(batch.length / 2)
  const head = await storeApart(stores, batch.slice(0, half))
  const tail = await storeApart(stores, batch.slice(half))
  return { refused: [...head.refused, ...tail.refused], stored: [...head.stored, ...tail.stored] }
}

function harvestOf(records: readonly Valued[]): Harvest {
  const harvest = new Harvest()
  const [marks, events] = [records.filter(isMark), records.filter((record) => !isMark(record))]
  harvest.add(events.map(({ value }) => readEvent(value)))
  for (const mark of marks) harvest.hear(readMark(mark))
  return harvest
}

/** Every part may be repeated, so it does not matter which of them a failure lets through. */
async function store({ clickhouse, db }: Stores, { inserts, stateful }: Harvest): Promise<void> {
  const sent = inserts.map(({ table, block, token }) => clickhouse.insertBlock(table, block, { token }))
  // All are waited for, so that none still runs when the batch is tried again.
  const results = await Promise.allSettled([...sent, writeState(db, stateful)])
  const faults = results.flatMap((result) => (result.status === 'rejected' ? [toFault(result.reason)] : []))
  // A store that is away comes first: only one that answers can say what it refuses.
  const [fault] = faults.sort((a, b) => Number(isAboutData(a)) - Number(isAboutData(b)))
  if (fault) throw fault
}

/** What readers conclude from facts comes after them; a repeated batch says it once more. */
async function announce({ clickhouse }: Stores, { usageChanges, hourChanges, hostsHeard }: Harvest): Promise<void> {
  try {
    await Promise.all([
      usageChanges.length > 0 && clickhouse.insert('usage_changes', usageChanges),
      hourChanges.length > 0 && clickhouse.insert('hour_changes', hourChanges),
      hostsHeard.length > 0 && clickhouse.insert('host_heard', hostsHeard),
    ])
  } catch (error) {
    throw toWaiting(toFault(error))
  }
}
