import { mkdir } from 'node:fs/promises'
import { quoteName, quoteText } from '../../../shared/clickhouse/statements.ts'
import {
  ENGINE_MEMORY_BYTES_MAX,
  EXECUTION_SECONDS_DEFAULT,
  MARK_CACHE_BYTES_MAX,
  QUERIES_RUNNING_MAX,
  QUERIES_WAITING_MAX,
} from './limits.ts'
import { connect } from './native.ts'
import { Slots } from './slots.ts'

export interface Query {
  /** One statement. */
  sql: string
  database?: string | undefined
  settings: Record<string, string>
  /** Values of `{name:Type}` placeholders, in ClickHouse's escaped text form. */
  parameters: Record<string, string>
  /** What a statement that names no format answers in. */
  format: string
}

export interface Result {
  bytes: Uint8Array
  /** Rows of the result, or rows written by an INSERT from a file. */
  rows: number
  elapsedSeconds: number
}

export interface Engine extends AsyncDisposable {
  version: string
  run(query: Query): Promise<Result>
}

/** A server does not read `1 + 1` as a query, and no query of ours runs for ever. */
const DEFAULT_SETTINGS = { implicit_select: '0', max_execution_time: String(EXECUTION_SECONDS_DEFAULT) }

/** Opens ClickHouse over `dataPath` inside this process; throws with its own words when another process has it open. */
export async function openEngine(dataPath: string): Promise<Engine> {
  await mkdir(dataPath, { recursive: true })
  const keeper = connect(dataPath, [
    `--max_server_memory_usage=${ENGINE_MEMORY_BYTES_MAX}`,
    `--mark_cache_size=${MARK_CACHE_BYTES_MAX}`,
  ])
  const slots = new Slots(QUERIES_RUNNING_MAX, QUERIES_WAITING_MAX)
  const version = await keeper.query('SELECT version()', 'TSVRaw')
  return {
    version: new TextDecoder().decode(version.bytes).trim(),
    run: (query) => slots.run(() => runAlone(dataPath, query)),
    [Symbol.asyncDispose]: async () => {
      await slots.drained()
      keeper[Symbol.dispose]()
    },
  }
}

/** Settings, parameters and USE belong to a connection: each query has its own (0.3 ms), so nothing reaches the next. */
async function runAlone(dataPath: string, query: Query): Promise<Result> {
  using connection = connect(dataPath)
  const result = await connection.query([...preparation(query), query.sql].join(';\n'), query.format)
  return { bytes: result.bytes, rows: result.rowsRead, elapsedSeconds: result.elapsed }
}

function preparation({ database, settings, parameters }: Query): string[] {
  const assignments = [
    ...Object.entries({ ...DEFAULT_SETTINGS, ...settings }),
    ...Object.entries(parameters).map(([name, value]) => [`param_${name}`, value] as const),
  ].map(([name, value]) => `${name} = ${quoteText(value)}`)
  return [...(database === undefined ? [] : [`USE ${quoteName(database)}`]), `SET ${assignments.join(', ')}`]
}
