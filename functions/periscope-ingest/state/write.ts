import { sql, type Transaction } from 'kysely'
import { type Database, enterTenant } from '../../../shared/postgres/database.ts'
import type { OwnedEvent } from '../tables/table.ts'
import { type NodeRegister, newest, type StreamRegister, toNodeRegisters, toStreamRegisters } from './registers.ts'
import type { Tables } from './tables.ts'

/** Rows of one statement; Postgres takes 65,535 values in one. */
export const ROWS_MAX = 2_000

/** Moves current state forward to what the events say; what is older than the state changes nothing. */
export async function writeState(db: Database<Tables>, events: readonly OwnedEvent[]): Promise<void> {
  const streams = newest(
    events.flatMap(toStreamRegisters),
    (r) => `${r.tenant_id}\0${r.stream_id}\0${r.node_id}\0${r.aspect}`,
  )
  const nodes = newest(events.flatMap(toNodeRegisters), (r) => `${r.tenant_id}\0${r.node_id}`)
  if (streams.length === 0 && nodes.length === 0) return
  const streamsOf = Map.groupBy(streams, ({ tenant_id }) => tenant_id)
  const nodesOf = Map.groupBy(nodes, ({ tenant_id }) => tenant_id)
  await db.within({}, async (tx) => {
    for (const tenantId of [...new Set([...streamsOf.keys(), ...nodesOf.keys()])].sort()) {
      await enterTenant(tx, tenantId)
      for (const rows of chunks(streamsOf.get(tenantId) ?? [])) await writeStreams(tx, rows)
      for (const rows of chunks(nodesOf.get(tenantId) ?? [])) await writeNodes(tx, rows)
    }
  })
}

async function writeStreams(tx: Transaction<Tables>, rows: StreamRegister[]): Promise<void> {
  await tx
    .insertInto('stream_state')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'stream_id', 'node_id', 'aspect'])
        .doUpdateSet((eb) => ({
          cluster_id: eb.ref('excluded.cluster_id'),
          occurred_at: eb.ref('excluded.occurred_at'),
          event_id: eb.ref('excluded.event_id'),
          data: eb.ref('excluded.data'),
        }))
        .where(isNewer('stream_state')),
    )
    .execute()
}

async function writeNodes(tx: Transaction<Tables>, rows: NodeRegister[]): Promise<void> {
  await tx
    .insertInto('node_state')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'node_id'])
        .doUpdateSet((eb) => ({
          cluster_id: eb.ref('excluded.cluster_id'),
          occurred_at: eb.ref('excluded.occurred_at'),
          event_id: eb.ref('excluded.event_id'),
          data: eb.ref('excluded.data'),
        }))
        .where(isNewer('node_state')),
    )
    .execute()
}

function isNewer(table: keyof Tables) {
  const held = sql.table(table)
  return sql<boolean>`(excluded.occurred_at, excluded.event_id) > (${held}.occurred_at, ${held}.event_id)`
}

function* chunks<T>(rows: T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS_MAX) yield rows.slice(at, at + ROWS_MAX)
}
