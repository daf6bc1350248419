import { z } from 'zod'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { type Context, requireTenant } from '../../../shared/context.ts'
import { Fault } from '../../../shared/fault.ts'
import { type Filter, Source, type TenantTable, type Value } from './source.ts'

type Parts = readonly (Source | Value)[]

/** Reads one tenant's rows and no others. */
export interface Reader {
  tenant_id: string
  rows(table: TenantTable, filter?: Filter): Source
  /** Up to when each host was heard (`node_id`, `heard_at`). */
  hosts(): Source
  /** A tag for the text of a query to build another upon; every FROM and JOIN in it is a `Source`. */
  derive(strings: TemplateStringsArray, ...parts: Parts): Source
  /** The same for a query to run; each row of the answer must be a `row`. */
  ask<S extends z.ZodType>(row: S): (strings: TemplateStringsArray, ...parts: Parts) => Promise<z.output<S>[]>
}

/** An event lies in the partition of its month alone, so that months are merged apart. */
const SETTINGS = { do_not_merge_across_partitions_select_final: 1 } as const

/** The reader for the caller's tenant; 401 or 403 when there is none, or it may not read analytics. */
export function readerOf(ctx: Pick<Context, 'actor'> & { clickhouse: ClickHouse }): Reader {
  const tenant_id = requireTenant(ctx, 'analytics:read')
  const derive: Reader['derive'] = (strings, ...parts) => Source.ofQuery(strings, parts)
  return {
    tenant_id,
    rows: (table, filter) => Source.ofTable(tenant_id, table, filter),
    hosts: () => Source.ofHosts(),
    derive,
    ask:
      (row) =>
      async (strings, ...parts) => {
        const { sql, params } = derive(strings, ...parts).toQuery()
        const answer = await ctx.clickhouse.query<unknown>(sql, params, SETTINGS)
        const rows = z.array(row).safeParse(answer)
        if (rows.success) return rows.data
        throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: rows.error })
      },
  }
}
