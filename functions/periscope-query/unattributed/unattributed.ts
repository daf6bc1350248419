import { z } from 'zod'
import { requireOperator } from '../../../shared/context.ts'
import { type ListQuery, Unattributed, type UnattributedPage } from '../../../shared/contract/periscope-query.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Ctx } from '../deps.ts'
import { pageOf, startOf } from '../rows/page.ts'
import { json, textOrNull } from '../rows/row.ts'

const Rows = z.array(
  Unattributed.extend({
    node_id: textOrNull,
    cluster_id: textOrNull,
    event: json.pipe(z.record(z.string(), z.unknown())),
  }),
)

const ALL = { from: '1970-01-01', to: '2299-12-31' }

/** Events that belong to nobody, the latest first; for operators, as they are no tenant's. */
export async function listUnattributed(ctx: Ctx, query: ListQuery): Promise<UnattributedPage> {
  requireOperator(ctx, 'analytics:read')
  const { at, id } = startOf(query)
  const found = await ctx.clickhouse.query<unknown>(
    `SELECT event_id, event_type, stream_name, node_id, cluster_id, occurred_at, event FROM unattributed_events FINAL
     WHERE occurred_at >= fromUnixTimestamp64Milli({from:Int64}) AND occurred_at < fromUnixTimestamp64Milli({to:Int64})
       AND (occurred_at, event_id) < (fromUnixTimestamp64Milli({at:Int64}), {id:UUID})
     ORDER BY occurred_at DESC, event_id DESC LIMIT {limit:UInt32}`,
    {
      from: Date.parse(query.from ?? ALL.from),
      to: Date.parse(query.to ?? ALL.to),
      at: at.content,
      id: id.content,
      limit: query.limit + 1,
    },
  )
  const rows = Rows.safeParse(found)
  if (!rows.success) throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: rows.error })
  return pageOf(rows.data, query.limit, ({ occurred_at }) => occurred_at)
}
