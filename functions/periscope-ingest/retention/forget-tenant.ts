import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { quoteName, quoteText } from '../../../shared/clickhouse/statements.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Tables } from '../state/tables.ts'
import { tables } from '../tables/tables.ts'
import { FORGOTTEN_KEPT_MS } from './forgotten.ts'

interface ForgetDeps {
  clickhouse: ClickHouse
  db: Database<Tables>
  /** Until every process that stores has heard of it. */
  untilHeard?: () => Promise<void>
}

/** Beside the tables of events, those that say whose something is. */
const others = [
  'usage_changes',
  'ingest_errors',
  'hour_changes',
  'rolled_hours',
  'rolled_quality',
  'rolled_states',
  'rolled_visits',
]

/**
 * Deletes everything of a tenant from ClickHouse and Postgres, and has nothing more of it stored: what lies in the log
 * and in hosts' journals goes with its retention. Returns once it is gone from the disk; safe to repeat.
 */
export async function forgetTenant({ clickhouse, db, untilHeard = waitUntilHeard }: ForgetDeps, tenant_id: string) {
  await clickhouse.insert('forgotten_tenants', [{ tenant_id }])
  await untilHeard()
  for (const name of [...tables.map((table) => table.name), ...others]) {
    await clickhouse.command(
      `ALTER TABLE ${quoteName(name)} DELETE WHERE tenant_id = ${quoteText(tenant_id)} SETTINGS mutations_sync = 2`,
    )
  }
  await db.within({ tenant_id }, async (tx) => {
    await tx.deleteFrom('stream_state').where('tenant_id', '=', tenant_id).execute()
    await tx.deleteFrom('node_state').where('tenant_id', '=', tenant_id).execute()
  })
}

/** A batch under way when the list is read again may take as long once more. */
async function waitUntilHeard(): Promise<void> {
  await sleep(2 * FORGOTTEN_KEPT_MS)
}
