import { type ClickHouseSettings, createClient } from '@clickhouse/client-web'
import type { Block } from './block/block.ts'
import { postBlock } from './block/post-block.ts'
import { toClickHouseFault, withoutRows } from './clickhouse-fault.ts'

export interface ClickHouseTarget {
  url: string
  user: string
  password: string
  database: string
}

interface ClickHouseLimits {
  /** ClickHouse itself ends a query after this. */
  maxExecutionSeconds?: number
  /** A query that would read more rows is refused; unlimited when absent. */
  maxRowsToRead?: number
}

interface InsertOptions {
  /** Names this batch: the same token within the table's deduplication window inserts nothing. */
  token?: string
  settings?: ClickHouseSettings
}

/** One database. Every method throws a Fault, whose `retry` says whether the same call may succeed later. */
export interface ClickHouse extends AsyncDisposable {
  database: string
  /** Rows as objects, 64-bit integers as text. Values of `{name:Type}` go in `params`, never into the SQL. */
  query<Row>(sql: string, params?: Record<string, unknown>, settings?: ClickHouseSettings): Promise<Row[]>
  /** Returns once the rows are stored. Their text never shows in an error. */
  insert(table: string, rows: readonly object[], options?: InsertOptions): Promise<void>
  /** The same for many rows, which were made a block before. */
  insertBlock(table: string, block: Block, options?: InsertOptions): Promise<void>
  /** DDL and the like: one statement without a result. */
  command(sql: string, params?: Record<string, unknown>, settings?: ClickHouseSettings): Promise<void>
  ping(): Promise<void>
}

const EXECUTION_SECONDS_DEFAULT = 20
/** What the network and ClickHouse's own clean-up may take beyond the time of the query. */
const ANSWER_GRACE_MS = 5_000

/** Opens ClickHouse over HTTP; nothing is sent before the first call. */
export function openClickHouse(target: ClickHouseTarget, limits: ClickHouseLimits = {}): ClickHouse {
  const { maxExecutionSeconds = EXECUTION_SECONDS_DEFAULT, maxRowsToRead } = limits
  const timeoutMs = maxExecutionSeconds * 1000 + ANSWER_GRACE_MS
  const client = createClient({
    url: target.url,
    username: target.user,
    password: target.password,
    database: target.database,
    request_timeout: timeoutMs,
    clickhouse_settings: {
      max_execution_time: maxExecutionSeconds,
      // An answer then has its true status: an error cannot follow the first rows.
      wait_end_of_query: 1,
      date_time_output_format: 'iso',
      date_time_input_format: 'best_effort',
      output_format_json_quote_64bit_integers: 1,
      ...(maxRowsToRead !== undefined && { max_rows_to_read: String(maxRowsToRead) }),
    },
  })
  return {
    database: target.database,
    query: <Row>(sql: string, params: Record<string, unknown> = {}, settings: ClickHouseSettings = {}) =>
      asFaults(async () => {
        const format = 'JSONEachRow'
        const request = { query: sql, query_params: params, clickhouse_settings: settings, format } as const
        const answer = await client.query({ ...request, use_multipart_params_auto: true })
        return answer.json<Row>()
      }),
    insert: (table, values, options) =>
      asFaults(async () => {
        await client.insert({ table, values, clickhouse_settings: toSettings(options), format: 'JSONEachRow' })
      }, withoutRows),
    insertBlock: (table, block, options) =>
      asFaults(() => {
        const settings = { max_execution_time: maxExecutionSeconds, ...toSettings(options) }
        return postBlock(target, { table, block, settings, timeoutMs })
      }, withoutRows),
    command: (sql, params = {}, settings = {}) =>
      asFaults(async () => {
        const request = { query: sql, query_params: params, clickhouse_settings: settings }
        await client.command({ ...request, use_multipart_params_auto: true })
      }),
    ping: () =>
      asFaults(async () => {
        const result = await client.ping()
        if (!result.success) throw result.error
      }),
    [Symbol.asyncDispose]: () => client.close(),
  }
}

function toSettings({ token, settings }: InsertOptions = {}): ClickHouseSettings {
  return { ...settings, ...(token !== undefined && { insert_deduplication_token: token }) }
}

async function asFaults<T>(work: () => Promise<T>, refine = (fault: ReturnType<typeof toClickHouseFault>) => fault) {
  try {
    return await work()
  } catch (error) {
    throw refine(toClickHouseFault(error))
  }
}
