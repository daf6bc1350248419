import type { z } from 'zod'
import { type Block, blockOpener } from '../../../shared/clickhouse/block/block.ts'
import type { EventType } from '../../../shared/events/catalogue.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { clickhouseTypeOf, text, time, uuid, word } from './column.ts'

export type Columns = Record<string, z.ZodType>
export type Row<C extends Columns> = { [Name in keyof C]: z.infer<C[Name]> }

/** An event that belongs to a tenant. */
export type OwnedEvent<T extends EventType = EventType> = StoredEvent<T> & { tenant_id: string }

/** One ClickHouse table: its columns, and the rows that an event of its type adds to it. */
export interface Table {
  name: string
  columns: Columns
  /** The event type whose events it holds. */
  of: EventType
  toRows: (event: OwnedEvent) => readonly object[]
  /** Begins one insert of its rows. */
  openBlock: () => Block
}

export function isOwned(event: StoredEvent): event is OwnedEvent {
  return event.tenant_id !== null
}

export function blockOpenerOf(columns: Columns): () => Block {
  const types = Object.entries(columns).map(([name, schema]) => [name, clickhouseTypeOf(schema)])
  return blockOpener(Object.fromEntries(types))
}

/** What every table of a tenant begins with; the event id makes a row its event's only one. */
export const identity = {
  tenant_id: word,
  stream_id: text,
  node_id: word,
  cluster_id: word,
  event_id: uuid,
  occurred_at: time,
  received_at: time,
}

/** Empty stands for what has no stream, host or cluster: nulls would cost a column each. */
export function identify(event: OwnedEvent): Row<typeof identity> {
  const { tenant_id, stream_id, node_id, cluster_id, event_id, occurred_at, received_at } = event
  return {
    tenant_id,
    stream_id: stream_id ?? '',
    node_id: node_id ?? '',
    cluster_id: cluster_id ?? '',
    event_id,
    occurred_at,
    received_at,
  }
}

interface Definition<T extends EventType, C extends Columns> {
  name: string
  of: T
  /** Beside those of `identity`. */
  columns: C
  toRows: (event: OwnedEvent<T>) => readonly Row<C>[]
}

/** A table of rows that each begin with their event's identity. */
export function table<T extends EventType, C extends Columns>({ name, of, columns, toRows }: Definition<T, C>): Table {
  const all = { ...identity, ...columns }
  return {
    name,
    of,
    columns: all,
    openBlock: blockOpenerOf(all),
    toRows: (event) => (isOf(event, of) ? toRows(event).map((row) => ({ ...identify(event), ...row })) : []),
  }
}

function isOf<T extends EventType>(event: OwnedEvent, type: T): event is OwnedEvent & OwnedEvent<T> {
  return event.event_type === type
}
