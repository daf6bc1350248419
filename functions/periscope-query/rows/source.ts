/** Tables that hold tenants' events, a repeated one perhaps several times; what belongs to nobody is not among them. */
const tables = [
  'buffer_states',
  'client_samples',
  'ingest_attempts',
  'node_samples',
  'pushes',
  'recordings',
  'routing_decisions',
  'stream_samples',
  'stream_views',
  'track_lists',
  'viewer_arrivals',
] as const
/** Views of facts that show each once, and only those that count. */
const views = ['final_pushes', 'final_recordings', 'final_runs', 'final_sessions', 'usage_windows'] as const
/** What was worked out before, by hour; a row is there once for each time that it was. */
const rolled = ['hour_changes', 'rolled_hours', 'rolled_quality', 'rolled_states', 'rolled_visits'] as const
export type RolledTable = (typeof rolled)[number]
export type TenantTable = (typeof tables)[number] | (typeof views)[number] | RolledTable

/** Other tables of tenants that the views are made of, which a query would read past them. */
const underViews = ['stream_runs', 'viewer_sessions'] as const
const hidden = ['host_heard', 'hosts_heard', ...underViews]

/** Every stored table that a query of a tenant may read, also through a view. */
export const heldTables: readonly string[] = [...tables, ...rolled, ...underViews]

const isRolled = (name: TenantTable) => rolled.some((table) => table === name)
/** Whether it may hold a row twice, so that it is to be read with FINAL. */
const repeats = (name: TenantTable) => tables.some((table) => table === name)
/** What says something of all of a tenant's streams at once. */
const isOfAllStreams = (name: TenantTable) => name === 'hour_changes' || name === 'rolled_hours'
const timeOf = (name: TenantTable) => {
  if (isRolled(name)) return 'hour'
  return name === 'usage_windows' ? 'window_start' : 'occurred_at'
}

/** A value in a query, and its ClickHouse type; it goes beside the text, never into it. */
export class Value {
  readonly type: 'String' | 'Int64' | 'UUID' | 'Array(Int64)' | 'Array(String)'
  readonly content: string | number | readonly (string | number)[]

  constructor(type: Value['type'], content: Value['content']) {
    this.type = type
    this.content = content
  }
}

export const text = (content: string) => new Value('String', content)
export const texts = (content: readonly string[]) => new Value('Array(String)', content)
export const whole = (content: number) => new Value('Int64', content)
export const wholes = (content: readonly number[]) => new Value('Array(Int64)', content)

/** A moment as Unix ms: a number has one form for every version of ClickHouse. */
const at = (moment: string) => whole(Date.parse(moment))

export interface Filter {
  stream_id?: string | undefined
  /** Half-open, by the time of the event, or of the window. */
  from?: string | undefined
  to?: string | undefined
}

/** A table named in the text itself, past the sources: one of ours anywhere, or any after FROM or JOIN. */
const NAMED_TABLE = new RegExp(
  `\\b(?:${[...tables, ...views, ...rolled, ...hidden].join('|')})\\b|\\b(?:FROM|JOIN)\\s+(?!\\()\\S`,
  'i',
)

export type Part = Source | Fragment | Value

function toPieces(strings: readonly string[], parts: readonly Part[]): (string | Value)[] {
  return strings.flatMap((text, index) => {
    if (NAMED_TABLE.test(text)) throw new TypeError(`a table is named in the text of a query: ${text.trim()}`)
    const part = parts[index]
    if (part === undefined) return [text]
    return part instanceof Value ? [text, part] : [text, ...part.parts]
  })
}

/** A piece of a query that names no table: columns, a condition. */
export class Fragment {
  readonly parts: readonly (string | Value)[]

  private constructor(parts: readonly (string | Value)[]) {
    this.parts = parts
  }

  static of(strings: readonly string[], parts: readonly Part[]): Fragment {
    return new Fragment(toPieces(strings, parts))
  }
}

/** A tag for a piece of a query. */
export function fragment(strings: TemplateStringsArray, ...parts: readonly Part[]): Fragment {
  return Fragment.of(strings, parts)
}

/** Pieces one after the other, with commas between them. */
export function listOf(pieces: readonly Fragment[]): Fragment {
  return pieces.reduce((list, piece) => fragment`${list}, ${piece}`)
}

/** The name of a column, which a caller may have chosen from a list. */
export function column(name: string): Fragment {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new TypeError(`not the name of a column: ${name}`)
  return Fragment.of([name], [])
}

/**
 * Rows of one tenant: of a table, each once, or of a query over such rows. A query is made of nothing else, so none
 * can be written that forgets whose rows it reads.
 */
export class Source {
  readonly parts: readonly (string | Value)[]

  private constructor(parts: readonly (string | Value)[]) {
    this.parts = parts
  }

  static ofTable(tenantId: string, table: TenantTable, { stream_id, from, to }: Filter = {}): Source {
    const named = repeats(table) ? `${table} FINAL` : table
    const time = timeOf(table)
    const parts: (string | Value)[] = [`(SELECT * FROM ${named} WHERE tenant_id = `, text(tenantId)]
    if (stream_id !== undefined && !isOfAllStreams(table)) parts.push(' AND stream_id = ', text(stream_id))
    if (from !== undefined) parts.push(` AND ${time} >= fromUnixTimestamp64Milli(`, at(from), ')')
    if (to !== undefined) parts.push(` AND ${time} < fromUnixTimestamp64Milli(`, at(to), ')')
    return new Source([...parts, ')'])
  }

  /** Up to when each host was heard; it belongs to no tenant. */
  static ofHosts(): Source {
    return new Source(['(SELECT * FROM hosts_heard)'])
  }

  static ofQuery(strings: readonly string[], parts: readonly Part[]): Source {
    return new Source(['(', ...toPieces(strings, parts), ')'])
  }

  /** As SQL with named parameters; a value that is there several times is sent once. */
  toQuery(): { sql: string; params: Record<string, unknown> } {
    const params: Record<string, unknown> = {}
    const names = new Map<string, string>()
    const texts = this.parts.map((part) => {
      if (typeof part === 'string') return part
      const key = `${part.type} ${JSON.stringify(part.content)}`
      const name = names.get(key) ?? `p${names.size}`
      names.set(key, name)
      params[name] = part.content
      return `{${name}:${part.type}}`
    })
    return { sql: texts.join(''), params }
  }
}
