import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import type { Clock } from '../../../shared/clock.ts'

/** How long the list is used before it is read again; a deletion waits this long, so that nobody stores by an old one. */
export const FORGOTTEN_KEPT_MS = 60_000

/** Answers the tenants whose data was deleted, of which nothing is stored any more. */
export type ReadForgotten = () => Promise<ReadonlySet<string>>

/** Reads the list from ClickHouse now and then; throws a retryable `Fault` while that cannot be asked. */
export function createReadForgotten(clickhouse: ClickHouse, clock: Clock): ReadForgotten {
  let known: { at: number; tenants: ReadonlySet<string> } | undefined
  return async () => {
    const now = clock().getTime()
    if (known && now - known.at < FORGOTTEN_KEPT_MS) return known.tenants
    const rows = await clickhouse.query<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM forgotten_tenants')
    known = { at: now, tenants: new Set(rows.map(({ tenant_id }) => tenant_id)) }
    return known.tenants
  }
}
