/** Reads the values of one column, `count` of them, from where the reader stands. */
type ReadColumn = (from: Reader, count: number) => unknown[]

const readers: Record<string, ReadColumn> = {
  String: (from, count) => times(count, () => from.text()),
  UUID: (from, count) => times(count, () => from.uuid()),
  "DateTime64(3, 'UTC')": (from, count) => times(count, () => new Date(from.whole()).toISOString()),
  UInt64: (from, count) => times(count, () => from.whole()),
  Float64: (from, count) => times(count, () => from.number()),
  Bool: (from, count) => times(count, () => from.byte() === 1),
}

/** The rows of a block in ClickHouse's Native format, of the types that our tables have. */
export function readNativeRows(bytes: Uint8Array): Record<string, unknown>[] {
  const from = new Reader(Buffer.from(bytes))
  const [columns, count] = [from.varint(), from.varint()]
  const rows = times(count, (): Record<string, unknown> => ({}))
  times(columns, () => {
    const [name, type] = [from.text(), from.text()]
    for (const [index, value] of readerOf(type)(from, count).entries())
      Object.assign(rows[index] ?? {}, { [name]: value })
  })
  return rows
}

function readerOf(type: string): ReadColumn {
  const [, wrapper, inner = ''] = /^(Nullable|Array|Map)\((.+)\)$/.exec(type) ?? []
  if (wrapper === 'Nullable') {
    return (from, count) => {
      const nulls = times(count, () => from.byte() === 1)
      return readerOf(inner)(from, count).map((value, index) => (nulls[index] ? null : value))
    }
  }
  if (wrapper === 'Array')
    return (from, count) =>
      cut(
        times(count, () => from.whole()),
        (all) => readerOf(inner)(from, all),
      )
  if (wrapper === 'Map') {
    const [key = '', value = ''] = inner.split(/, (?=\w+$)/)
    return (from, count) => {
      const ends = times(count, () => from.whole())
      const entries = cut(ends, (all) => {
        const names = readerOf(key)(from, all)
        return readerOf(value)(from, all).map((content, index) => [String(names[index]), content] as const)
      })
      return entries.map((list) => Object.fromEntries(list))
    }
  }
  const read = readers[type]
  if (!read) throw new TypeError(`no way to read a column of type ${type}`)
  return read
}

/** Lists that end where `ends` says among all values. */
function cut<T>(ends: readonly number[], readAll: (count: number) => T[]): T[][] {
  const all = readAll(ends.at(-1) ?? 0)
  return ends.map((end, index) => all.slice(ends[index - 1] ?? 0, end))
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#skip(1))
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte()
      value += (byte % 128) * scale
      if (byte < 128) return value
    }
  }

  whole(): number {
    return Number(this.#bytes.readBigInt64LE(this.#skip(8)))
  }

  number(): number {
    return this.#bytes.readDoubleLE(this.#skip(8))
  }

  text(): string {
    const length = this.varint()
    const at = this.#skip(length)
    return this.#bytes.toString('utf8', at, at + length)
  }

  /** Two words, each with its last byte first. */
  uuid(): string {
    const at = this.#skip(16)
    const [high, low] = [this.#bytes.readBigUInt64LE(at), this.#bytes.readBigUInt64LE(at + 8)]
    const digits = [high, low].map((word) => word.toString(16).padStart(16, '0')).join('')
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  }

  #skip(count: number): number {
    this.#at += count
    return this.#at - count
  }
}
