import { type ClickHouseSettings, SettingsMap } from '@clickhouse/client-web'
import { z } from 'zod'
import type { ClickHouse } from '../../../shared/clickhouse/client.ts'
import { quoteName, quoteText } from '../../../shared/clickhouse/statements.ts'
import { type Context, requireTenant } from '../../../shared/context.ts'
import { Fault } from '../../../shared/fault.ts'
import { type QuestionLimits, questionLimits, toQuestionFault, toSettings } from './limits.ts'
import { type Filter, heldTables, type Part, type RolledTable, Source, type TenantTable } from './source.ts'

type Parts = readonly Part[]

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
  /** Writes what a query answers, column by column in this order, into a table of what was worked out before. */
  keep(table: RolledTable, columns: readonly string[], source: Source): Promise<void>
}

interface Needs extends Pick<Context, 'actor'> {
  clickhouse: ClickHouse
  /** What one question may cost; the usual when absent. */
  limits?: QuestionLimits
}

/** The reader for the caller's tenant; 401 or 403 when there is none, or it may not read analytics. */
export function readerOf({ clickhouse, limits = questionLimits, ...ctx }: Needs): Reader {
  return readerFor(clickhouse, requireTenant(ctx, 'analytics:read'), limits)
}

/** The reader for a tenant that is named by ourselves. */
export function readerFor(clickhouse: ClickHouse, tenant_id: string, limits: QuestionLimits): Reader {
  const settings: ClickHouseSettings = {
    ...toSettings(limits),
    ...hold(tenant_id),
    // An event lies in the partition of its month alone, so that months are merged apart.
    do_not_merge_across_partitions_select_final: 1,
    // Compiling a question, and making its plan smaller, costs more than it saves over the rows of one tenant.
    compile_expressions: 0,
    compile_aggregate_expressions: 0,
    compile_sort_description: 0,
    optimize_and_compare_chain: 0,
    query_plan_merge_expressions: 0,
  }
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
        const answer = await clickhouse.query<unknown>(sql, params, settings).catch((error) => {
          throw toQuestionFault(error)
        })
        const rows = z.array(row).safeParse(answer)
        if (rows.success) return rows.data
        throw new Fault('internal', 'unreadable_rows', 'Internal error', { cause: rows.error })
      },
    keep: async (table, columns, source) => {
      const { sql, params } = source.toQuery()
      await clickhouse.command(
        `INSERT INTO ${quoteName(table)} (${columns.map(quoteName).join()}) ${sql}`,
        params,
        settings,
      )
    },
  }
}

/** Holds the tenant a second time: ClickHouse itself leaves out rows of others wherever a query reads a table, views too. */
function hold(tenantId: string): ClickHouseSettings {
  const condition = quoteText(`tenant_id = ${quoteText(tenantId)}`).slice(1, -1)
  return { additional_table_filters: SettingsMap.from(Object.fromEntries(heldTables.map((name) => [name, condition]))) }
}
