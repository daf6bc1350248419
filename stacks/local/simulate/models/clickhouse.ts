import { readdirSync, readFileSync } from 'node:fs'
import { splitStatements } from '../../../../shared/clickhouse/statements.ts'

type Row = Record<string, unknown>

/** What a table's engine does with its rows. */
interface Definition {
  name: string
  /** Columns that make rows one row; none where rows are never merged. */
  key: readonly string[] | null
  /** The column whose greatest value wins; the last to come where there is none. */
  version: string | null
  /** How many batches are remembered by their tokens. */
  window: number
}

interface Table extends Definition {
  rows: Row[]
  /** Tokens of the newest batches: a batch with one of them inserts nothing. */
  tokens: string[]
}

const CREATE = /^CREATE TABLE IF NOT EXISTS (\w+) \(/
const REPLACING = /ENGINE = ReplacingMergeTree(?:\((\w+)\))?/
const KEY = /ORDER BY (?:\(([^)]*)\)|(\w+))/
/** A key that a later migration made longer. */
const LONGER_KEY = /^ALTER TABLE (\w+)[^;]*\bMODIFY ORDER BY \(([^)]*)\)/
const WINDOW = /non_replicated_deduplication_window = (\d+)/

/** Tables as the migrations make them. */
function readTables(folder: URL): Map<string, Definition> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  const statements = files.flatMap((name) => splitStatements(readFileSync(new URL(name, folder), 'utf8')))
  const definitions = statements.flatMap((statement) => {
    const [, name] = CREATE.exec(statement) ?? []
    return name === undefined ? [] : [readTable(name, statement)]
  })
  const longer = new Map(
    statements.flatMap((statement) => {
      const [, name, columns] = LONGER_KEY.exec(statement) ?? []
      return name === undefined || columns === undefined ? [] : [[name, columns.split(/,\s*/)] as const]
    }),
  )
  return new Map(
    definitions.map((definition) => {
      const { name, key } = definition
      return [name, { ...definition, key: longer.get(name) ?? key }]
    }),
  )
}

function readTable(name: string, statement: string): Definition {
  const [replacing, version = null] = REPLACING.exec(statement) ?? []
  const [, columns, column = ''] = KEY.exec(statement) ?? []
  const key = replacing === undefined ? null : (columns ?? column).split(/,\s*/)
  return { name, key, version, window: Number(WINDOW.exec(statement)?.[1] ?? 0) }
}

const DEFINITIONS = readTables(
  new URL('../../../../functions/periscope-ingest/migrations/clickhouse/', import.meta.url),
)

/** ClickHouse as the pipeline uses it: inserts by batch, and reads with FINAL. Held to the real one by a differential test. */
export class ModelClickHouse {
  readonly #tables = new Map<string, Table>()

  insert(name: string, rows: readonly object[], token: string | undefined): void {
    const definition = DEFINITIONS.get(name)
    if (definition === undefined) throw new TypeError(`no table ${name}`)
    const table = this.#tables.get(name) ?? { ...definition, rows: [], tokens: [] }
    this.#tables.set(name, table)
    if (token !== undefined && table.window > 0) {
      if (table.tokens.includes(token)) return
      table.tokens = [...table.tokens, token].slice(-table.window)
    }
    table.rows.push(...rows.map((row) => ({ ...row })))
  }

  /** Rows of one sorting key are one row: the newest of them. */
  final(name: string): Row[] {
    const table = this.#tables.get(name)
    if (table === undefined) return []
    const { key, version, rows } = table
    if (key === null) return rows
    const byKey = new Map<string, Row>()
    for (const row of rows) {
      const id = JSON.stringify(key.map((column) => row[column]))
      const held = byKey.get(id)
      if (held === undefined || version === null || String(held[version]) <= String(row[version])) byKey.set(id, row)
    }
    return [...byKey.values()]
  }

  /** Those that count: an end that came after all names the made-up one that it replaces. */
  counted(name: string): Row[] {
    const rows = this.final(name)
    const replaced = new Set(rows.map(({ node_id, replaced_event_id: id }) => `${node_id} ${id}`))
    return rows.filter(({ node_id, event_id }) => !replaced.has(`${node_id} ${event_id}`))
  }

  /** All rows as they lie there, repeats and all. */
  raw(name: string): readonly Row[] {
    return this.#tables.get(name)?.rows ?? []
  }

  /** Tables whose repeats are merged, so that storing an event again changes nothing. */
  get merged(): string[] {
    return [...this.#tables.values()].flatMap(({ name, key }) => (key === null ? [] : [name]))
  }
}
