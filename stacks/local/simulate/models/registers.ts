import { Fault } from '../../../../shared/fault.ts'

export type Register = Record<string, unknown> & { occurred_at: string; event_id: string }

/** A connection's transaction: what it has written is seen once it commits. */
interface Transaction {
  tenantId: string
  writes: { table: string; keyOf: readonly string[]; row: Register; newestOnly: boolean }[]
}

const UPSERT =
  /^insert into "(\w+)" \(([^)]*)\) values .* on conflict \(([^)]*)\) do update set .*?( where \(excluded\.occurred_at, excluded\.event_id\) > .*)?$/s

/**
 * Postgres as `writeState` uses it: transactions of upserts that let the newest event win. It reads the statements
 * themselves, and refuses any other, so it cannot agree with a statement that has changed. A differential test holds it to the real one.
 */
export class ModelRegisters {
  readonly #rows = new Map<string, Register>()
  /** False takes whatever arrives last: for proving that the checks notice. */
  readonly #newestWins: boolean

  constructor(newestWins = true) {
    this.#newestWins = newestWins
  }

  rows(table: string): Register[] {
    return [...this.#rows].filter(([key]) => key.startsWith(`${table} `)).map(([, row]) => row)
  }

  /** A connection; what it has begun and not committed goes with it. */
  connect(): (sql: string, parameters: readonly unknown[]) => void {
    let transaction: Transaction | undefined
    return (sql, parameters) => {
      if (sql.startsWith('start transaction')) {
        transaction = { tenantId: '', writes: [] }
        return
      }
      if (sql === 'rollback') {
        // Outside of a transaction, as after one that never reached it, Postgres only warns.
        transaction = undefined
        return
      }
      // As Postgres does, of the JSON that all data is.
      if (parameters.some((value) => String(value).includes('\\u0000'))) throw refusal()
      if (transaction === undefined) throw new TypeError(`outside of a transaction: ${sql}`)
      if (sql === 'commit') {
        for (const write of transaction.writes) this.#write(write)
        transaction = undefined
      } else if (sql.startsWith("select set_config('app.tenant_id'")) transaction.tenantId = String(parameters[0])
      else transaction.writes.push(...readUpsert(sql, parameters, transaction.tenantId))
    }
  }

  #write({ table, keyOf, row, newestOnly }: Transaction['writes'][number]): void {
    const key = `${table} ${JSON.stringify(keyOf.map((column) => row[column]))}`
    const held = this.#rows.get(key)
    if (held !== undefined && newestOnly && this.#newestWins && versionOf(held) >= versionOf(row)) return
    this.#rows.set(key, row)
  }
}

function readUpsert(sql: string, parameters: readonly unknown[], tenantId: string): Transaction['writes'] {
  const [, table = '', columnList = '', keyList = '', guard] = UPSERT.exec(sql) ?? []
  if (table === '') throw new TypeError(`the model knows no such statement: ${sql}`)
  const [columns, keyOf] = [columnList, keyList].map((list) => list.split(', ').map((name) => name.replaceAll('"', '')))
  const width = columns?.length ?? 0
  return Array.from({ length: parameters.length / width }, (_, index) => {
    const values = parameters.slice(index * width, (index + 1) * width)
    const row = Object.fromEntries((columns ?? []).map((column, i) => [column, values[i]])) as Register
    // Row-level security.
    if (row.tenant_id !== tenantId) throw new Fault('internal', 'row_security', 'A row of another tenant')
    return { table, keyOf: keyOf ?? [], row, newestOnly: guard !== undefined }
  })
}

function refusal(): Error {
  return Object.assign(new Error('unsupported Unicode escape sequence'), { code: '22P05' })
}

function versionOf({ occurred_at, event_id }: Register): string {
  return occurred_at + event_id
}
