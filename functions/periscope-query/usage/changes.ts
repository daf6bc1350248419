import { z } from 'zod'
import { requireService } from '../../../shared/context.ts'
import { Meter, type UsageChanges, type UsageChangesQuery } from '../../../shared/contract/periscope-query.ts'
import { Fault } from '../../../shared/fault.ts'
import { decodeCursor, encodeCursor, invalidCursor } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'
import { textOrNull, whole } from '../rows/row.ts'

export const WINDOW_MS = 5 * 60_000
/** A change is told once it is this old: one that was stamped before it, and shows later, then comes in its turn. */
export const CHANGES_SETTLE_MS = 60_000

const Changes = z.array(z.object({ tenant_id: z.string(), start: whole, changed: whole }))
const Quantities = z.array(
  z.object({ tenant_id: z.string(), start: whole, cluster_id: textOrNull, meter: Meter, quantity: whole }),
)

/**
 * Windows of usage in which something changed, of all tenants, oldest change first, each with all that it holds now.
 * For billing, which asks on from where it was; asking twice tells the same or newer.
 */
export async function listUsageChanges(ctx: Ctx, { limit, cursor }: UsageChangesQuery): Promise<UsageChanges> {
  requireService(ctx, 'purser')
  const after = cursor === undefined ? { changed: 0, tenant_id: '', start: 0 } : readCursor(cursor)
  const changes = await read(
    ctx,
    Changes,
    `SELECT tenant_id, toUnixTimestamp(window_start) * 1000 AS start,
       toUnixTimestamp64Milli(max(changed_at)) AS changed
     FROM usage_changes
     WHERE changed_at >= fromUnixTimestamp64Milli({changed:Int64})
       AND changed_at < fromUnixTimestamp64Milli({settled:Int64})
     GROUP BY tenant_id, window_start
     HAVING (changed, tenant_id, start) > ({changed:Int64}, {tenant_id:String}, {start:Int64})
     ORDER BY changed, tenant_id, start LIMIT {limit:UInt32}`,
    { ...after, limit, settled: ctx.now().getTime() - CHANGES_SETTLE_MS },
  )
  const quantities = await readQuantities(ctx, changes)
  const last = changes.at(-1)
  return {
    data: changes.map(({ tenant_id, start, changed }) => ({
      tenant_id,
      from: toTime(start),
      to: toTime(start + WINDOW_MS),
      changed_at: toTime(changed),
      quantities: quantities.get(`${tenant_id} ${start}`) ?? [],
    })),
    next_cursor: last ? encodeCursor([String(last.changed), last.tenant_id, String(last.start)]) : (cursor ?? null),
  }
}

async function readQuantities(ctx: Ctx, changes: z.output<typeof Changes>) {
  if (changes.length === 0) return new Map<string, never[]>()
  const starts = changes.map(({ start }) => start / 1000)
  const rows = await read(
    ctx,
    Quantities,
    `SELECT tenant_id, toUnixTimestamp(window_start) * 1000 AS start, cluster_id, meter, sum(quantity) AS quantity
     FROM usage_windows
     WHERE tenant_id IN {tenants:Array(String)} AND window_start >= toDateTime({first:UInt32}, 'UTC')
       AND window_start <= toDateTime({last:UInt32}, 'UTC')
       AND (tenant_id, toUnixTimestamp(window_start)) IN
         (SELECT arrayJoin(arrayZip({all_tenants:Array(String)}, {starts:Array(UInt32)})))
     GROUP BY tenant_id, window_start, cluster_id, meter ORDER BY cluster_id, meter`,
    {
      tenants: [...new Set(changes.map(({ tenant_id }) => tenant_id))],
      all_tenants: changes.map(({ tenant_id }) => tenant_id),
      starts,
      first: Math.min(...starts),
      last: Math.max(...starts),
    },
  )
  const byWindow = Map.groupBy(rows, ({ tenant_id, start }) => `${tenant_id} ${start}`)
  return new Map(
    [...byWindow].map(([window, list]) => [
      window,
      list.map(({ cluster_id, meter, quantity }) => ({ cluster_id, meter, quantity })),
    ]),
  )
}

async function read<S extends z.ZodType>(ctx: Ctx, schema: S, sql: string, params: Record<string, unknown>) {
  const rows = schema.safeParse(await ctx.clickhouse.query<unknown>(sql, params))
  if (rows.success) return rows.data
  throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: rows.error })
}

function readCursor(cursor: string): { changed: number; tenant_id: string; start: number } {
  const [changed = '', tenant_id = '', start = ''] = decodeCursor(cursor, 3)
  if (/^\d{1,15}$/.test(changed) && /^\d{1,15}$/.test(start)) {
    return { changed: Number(changed), tenant_id, start: Number(start) }
  }
  throw invalidCursor()
}

function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
