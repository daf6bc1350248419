import { z } from 'zod'
import { requireOperator } from '../../../shared/context.ts'
import { IngestError, type IngestErrorPage, type IngestErrorsQuery } from '../../../shared/contract/ingest-errors.ts'
import { Fault } from '../../../shared/fault.ts'
import { decodeCursor, invalidCursor, toPage } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'
import { textOrNull } from '../rows/row.ts'

const Rows = z.array(IngestError.extend({ tenant_id: textOrNull, event_id: textOrNull, event_type: textOrNull }))

const ALL = { from: '1970-01-01', to: '2299-12-31' }

/** Events that could not be stored, those that changed last first; for operators, as anybody's may be among them. */
export async function listIngestErrors(ctx: Ctx, query: IngestErrorsQuery): Promise<IngestErrorPage> {
  requireOperator(ctx, 'analytics:read')
  const { limit, cursor, from, to, tenant_id = '', event_type = '', reason = '', state = '' } = query
  const [at = ALL.to, dead_from = ''] = cursor === undefined ? [] : decodeCursor(cursor, 2)
  if (Number.isNaN(Date.parse(at))) throw invalidCursor()
  const found = await ctx.clickhouse.query<unknown>(
    `SELECT dead_from, state, at, logged_at, tenant_id, event_id, event_type, reason, detail FROM ingest_errors FINAL
     WHERE at >= fromUnixTimestamp64Milli({from:Int64}) AND at < fromUnixTimestamp64Milli({to:Int64})
       AND (at, dead_from) < (fromUnixTimestamp64Milli({at:Int64}), {dead_from:String})
       AND {tenant_id:String} IN ('', tenant_id) AND {event_type:String} IN ('', event_type)
       AND {reason:String} IN ('', reason) AND {state:String} IN ('', state)
     ORDER BY at DESC, dead_from DESC LIMIT {limit:UInt32}`,
    {
      ...{ tenant_id, event_type, reason, state, dead_from },
      ...{ at: Date.parse(at), from: Date.parse(from ?? ALL.from), to: Date.parse(to ?? ALL.to), limit: limit + 1 },
    },
  )
  const rows = Rows.safeParse(found)
  if (!rows.success) throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: rows.error })
  return toPage(rows.data, limit, (row) => [row.at, row.dead_from])
}
