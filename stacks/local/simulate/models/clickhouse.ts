import { readdirSync, readFileSync } from 'node:fs'

type Row = Record<string, unknown>

interface Table {
  key: readonly string[]
  rows: Row[]
  /** Tokens of the newest batches: a batch with one of them inserts nothing. */
  tokens: string[]
}

const CREATE = /CREATE TABLE IF NOT EXISTS (\w+) \(.*?ORDER BY \(([^)]*)\).*?;/gs
const WINDOW = /non_replicated_deduplication_window = (\d+)/

/** Tables as the migrations make them: ReplacingMergeTree, its sorting keys and its window of batches. */
function readTables(folder: URL): Map<string, { key: string[]; window: number }> {
  const sql = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n')
  return new Map(
    [...sql.matchAll(CREATE)].map(([statement, name = '', key = '']) => {
      return [name, { key: key.split(/,\s*/), window: Number(WINDOW.exec(statement)?.[1] ?? 0) }]
    }),
  )
}

const DEFINITIONS = readTables(
  new URL('../../../../functions/periscope-ingest/migrations/clickhouse/', import.meta.url),
)

/** ClickHouse as the pipeline uses it: inserts by batch, and reads with FINAL. Held to the real one by a differential test. */
export class ModelClickHouse {
  readonly #tables = new Map<string, Table>()

  insert(table: string, rows: readonly object[], token: string | undefined): void {
    const definition = DEFINITIONS.get(table)
    if (definition === undefined) throw new TypeError(`no table ${table}`)
    const { key, window } = definition
    const stored = this.#tables.get(table) ?? { key, rows: [], tokens: [] }
    this.#tables.set(table, stored)
    if (token !== undefined && window > 0) {
      if (stored.tokens.includes(token)) return
      stored.tokens = [...stored.tokens, token].slice(-window)
    }
    stored.rows.push(...rows.map((row) => ({ ...row })))
  }

  /** Rows of one sorting key are one row: the newest of them. */
  final(table: string): Row[] {
    const { key = [], rows = [] } = this.#tables.get(table) ?? {}
    const byKey = new Map(rows.map((row) => [JSON.stringify(key.map((column) => row[column])), row]))
    return [...byKey.values()]
  }

  /** All rows as they lie there, repeats and all. */
  raw(table: string): readonly Row[] {
    return this.#tables.get(table)?.rows ?? []
  }

  get tables(): string[] {
    return [...this.#tables.keys()]
  }
}
