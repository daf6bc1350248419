import { sql } from 'kysely'
import type { Database } from '../postgres/database.ts'

interface Alike {
  kind: string
  tenant_id: string
  /** What their payloads have in common. */
  payload: Readonly<Record<string, unknown>>
  now: Date
}

/** The messages that are due and ask for the same: what begins after this call does it for all of them. */
export async function findAlike<Tables>(
  db: Database<Tables>,
  { kind, tenant_id, payload, now }: Alike,
): Promise<string[]> {
  return db.read({ job: 'outbox' }, async (tx) => {
    const { rows } = await sql<{ id: string }>`select id from outbox
      where kind = ${kind} and tenant_id = ${tenant_id} and payload @> ${JSON.stringify(payload)}::jsonb
        and due_at <= ${now} and done_at is null and parked_at is null`.execute(tx)
    return rows.map(({ id }) => id)
  })
}

/** Marks messages as done that somebody else's work did too; one that is being worked on is left to its worker. */
export async function settleAlike<Tables>(db: Database<Tables>, ids: readonly string[], now: Date): Promise<void> {
  await db.within({ job: 'outbox' }, (tx) =>
    sql`update outbox set done_at = ${now} where id = any (${ids}) and due_at <= ${now} and done_at is null`.execute(
      tx,
    ),
  )
}
