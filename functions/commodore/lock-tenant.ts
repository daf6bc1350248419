import { sql, type Transaction } from 'kysely'
import type { Tables } from './tables.ts'

/** Lets one transaction of a tenant at a time go on with `what`, until it ends: what it counts stays counted. */
export async function lockTenant(tx: Transaction<Tables>, tenantId: string, what: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`${what}:${tenantId}`}, 0))`.execute(tx)
}
