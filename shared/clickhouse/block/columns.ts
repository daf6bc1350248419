import { Bytes } from './bytes.ts'
import { writeFlags, writeNumbers, writeTexts, writeTimes, writeUuids, writeWholes } from './values.ts'

/** One column of a block, to which values are added. Throws a `TypeError` for a value that it cannot hold. */
export interface Column {
  add(values: readonly unknown[]): void
  /** What was added so far, in the pieces that the Native format wants one after the other. */
  pieces(): Uint8Array[]
}

/** How one ClickHouse type goes over the wire. */
export interface ColumnFormat {
  /** The type as the block names it; ClickHouse makes it the table's. */
  type: string
  /** What stands in the place of a null. */
  blank: unknown
  open: () => Column
}

const BLANK_UUID = '00000000-0000-0000-0000-000000000000'
const BLANK_TIME = '1970-01-01T00:00:00.000Z'

const simple: Record<string, { write: (out: Bytes, values: readonly unknown[]) => void; blank: unknown }> = {
  String: { write: writeTexts, blank: '' },
  UUID: { write: writeUuids, blank: BLANK_UUID },
  "DateTime64(3, 'UTC')": { write: writeTimes, blank: BLANK_TIME },
  UInt64: { write: writeWholes, blank: 0 },
  Float64: { write: writeNumbers, blank: 0 },
  Bool: { write: writeFlags, blank: false },
}

/** The format of a type as a table declares it. Throws a `TypeError` for one that no table of ours has. */
export function formatOf(type: string): ColumnFormat {
  const format = simple[type]
  if (format) return { type, blank: format.blank, open: () => plain(format.write) }
  const [, wrapper, inner = ''] = /^(\w+)\((.+)\)$/.exec(type) ?? []
  switch (wrapper) {
    // A dictionary of the words is made where they are stored.
    case 'LowCardinality':
      return formatOf(inner)
    case 'Nullable': {
      const of = formatOf(inner)
      return { type: `Nullable(${of.type})`, blank: null, open: () => nullable(of) }
    }
    case 'Array': {
      const of = formatOf(inner)
      return { type: `Array(${of.type})`, blank: [], open: () => list(of) }
    }
    case 'Map': {
      const [key, value] = inner.split(/, (?=\w+$)/).map(formatOf)
      if (key && value) return { type: `Map(${key.type}, ${value.type})`, blank: {}, open: () => map(key, value) }
    }
  }
  throw new TypeError(`no way to write a column of type ${type}`)
}

function plain(write: (out: Bytes, values: readonly unknown[]) => void): Column {
  const out = new Bytes()
  return { add: (values) => write(out, values), pieces: () => [out.written] }
}

function nullable({ blank, open }: ColumnFormat): Column {
  const [nulls, inner] = [new Bytes(), open()]
  return {
    add: (values) => {
      writeFlags(
        nulls,
        values.map((value) => value === null),
      )
      inner.add(values.map((value) => (value === null ? blank : value)))
    },
    pieces: () => [nulls.written, ...inner.pieces()],
  }
}

function list({ open }: ColumnFormat): Column {
  const [ends, inner] = [openEnds(), open()]
  return {
    add: (values) => {
      const lists = values.map((value) => (Array.isArray(value) ? (value as unknown[]) : refuse('a list', value)))
      ends.add(lists)
      inner.add(lists.flat())
    },
    pieces: () => [...ends.pieces(), ...inner.pieces()],
  }
}

function map(key: ColumnFormat, value: ColumnFormat): Column {
  const [ends, names, contents] = [openEnds(), key.open(), value.open()]
  return {
    add: (values) => {
      const records = values.map((each) =>
        typeof each === 'object' && each !== null ? each : refuse('a record', each),
      )
      const lists = records.map((each): [string, unknown][] => Object.entries(each))
      ends.add(lists)
      const entries = lists.flat()
      names.add(entries.map(([name]) => name))
      contents.add(entries.map(([, content]) => content))
    },
    pieces: () => [...ends.pieces(), ...names.pieces(), ...contents.pieces()],
  }
}

/** Where each list ends among the values of all. */
function openEnds() {
  const out = new Bytes()
  let end = 0
  const next = ({ length }: readonly unknown[]) => {
    end += length
    return end
  }
  return {
    add: (lists: readonly (readonly unknown[])[]) => writeWholes(out, lists.map(next)),
    pieces: () => [out.written],
  }
}

function refuse(wanted: string, value: unknown): never {
  throw new TypeError(`a column wants ${wanted} and got a ${typeof value}`)
}
