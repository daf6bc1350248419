import { z } from 'zod'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import type { Figures } from '../../../shared/metrics/figures.ts'

/** Hosts ship every few seconds: one of which nothing came for so long is cut off or gone. */
export const HOST_SILENT_MS = 5 * 60_000
/** A host that was silent for longer has been taken out, or somebody knows. */
export const HOST_MISSED_MS = 60 * 60_000

const Row = z.object({ silent: z.coerce.number(), behind_ms: z.coerce.number() })

/** How many media hosts have fallen silent, and how far behind the furthest of the others is, by what is stored of them. */
export async function readHeard(clickhouse: Pick<ClickHouse, 'query'>, now: Date): Promise<Figures> {
  const ms = (at: number) => now.getTime() - at
  const rows = await clickhouse.query(
    `SELECT countIf(toUnixTimestamp64Milli(seen_at) <= {silent: Int64}) AS silent,
      maxIf({now: Int64} - toUnixTimestamp64Milli(heard_at),
        toUnixTimestamp64Milli(seen_at) > {silent: Int64} AND toUnixTimestamp64Milli(heard_at) > 0) AS behind_ms
    FROM hosts_heard WHERE toUnixTimestamp64Milli(seen_at) > {missed: Int64}`,
    { now: now.getTime(), silent: ms(HOST_SILENT_MS), missed: ms(HOST_MISSED_MS) },
  )
  const [row = { silent: 0, behind_ms: 0 }] = z.array(Row).parse(rows)
  return { HostsSilent: row.silent, JournalAge: Math.max(row.behind_ms, 0) / 1000 }
}
