import { sql, type Transaction } from 'kysely'
import { v7 } from 'uuid'

/** Something to do after the commit, at least once. Payloads hold ids and names, never a secret in the clear. */
export interface Message {
  /** Names the handler, `mail.verification` say. */
  kind: string
  /** Null for what belongs to no tenant; else the tenant of the transaction. */
  tenant_id: string | null
  /** Messages of one key are done in the order of their commits, one at a time. */
  order_key?: string | undefined
  payload: unknown
  /** Not before; at once if absent. */
  due_at?: Date | undefined
}

/**
 * Writes a message in the caller's transaction, so that it exists if and only if the change does; returns its id. The
 * service's schema has the table of `outbox.sql`.
 */
export async function enqueue<Tables>(tx: Transaction<Tables>, message: Message, now: Date): Promise<string> {
  const id = v7()
  const { kind, tenant_id, order_key = null, payload, due_at = now } = message
  // Held until the commit: else a message that is older but commits later would be overtaken.
  if (order_key !== null) await sql`select pg_advisory_xact_lock(hashtextextended(${order_key}, 0))`.execute(tx)
  await sql`insert into outbox (id, tenant_id, kind, order_key, payload, created_at, due_at)
    values (${id}, ${tenant_id}, ${kind}, ${order_key}, ${JSON.stringify(payload)}, ${now}, ${due_at})`.execute(tx)
  return id
}
