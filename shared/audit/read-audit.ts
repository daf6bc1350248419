import { sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import type { AuditEntry, AuditPartRequest } from '../contract/audit.ts'

type Entry = z.infer<typeof AuditEntry>

interface Row extends Omit<Entry, 'at' | 'actor'> {
  at: Date
  actor_kind: string
  actor_id: string | null
}

/** A service's own entries of a tenant, newest first, in a transaction that acts for that tenant. */
export async function readAudit<Tables>(
  tx: Transaction<Tables>,
  asked: z.infer<typeof AuditPartRequest>,
): Promise<Entry[]> {
  const conditions = [
    sql`tenant_id = ${asked.tenant_id}`,
    asked.before !== undefined && sql`id < ${asked.before}`,
    asked.action !== undefined && sql`action = ${asked.action}`,
    asked.object_id !== undefined && sql`object_id = ${asked.object_id}`,
    asked.actor_id !== undefined && sql`actor_id = ${asked.actor_id}`,
    asked.from !== undefined && sql`at >= ${asked.from}`,
    asked.to !== undefined && sql`at < ${asked.to}`,
  ].filter((condition) => condition !== false)
  const { rows } = await sql<Row>`
    select id, at, actor_kind, actor_id, address, action, object_id, details, request_id from audit_log
    where ${sql.join(conditions, sql` and `)} order by id desc limit ${asked.limit}`.execute(tx)
  return rows.map(({ at, actor_kind, actor_id, ...row }) => ({
    ...row,
    at: at.toISOString(),
    actor: { kind: actor_kind, id: actor_id },
  }))
}
