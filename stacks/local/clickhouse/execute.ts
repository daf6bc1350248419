import { createWriteStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { readBody, readBytes } from './body.ts'
import type { Call } from './call.ts'
import type { Engine, Query, Result } from './engine.ts'
import type { Exchange } from './exchange.ts'
import { INSERT_BYTES_MAX, QUERY_BYTES_MAX } from './limits.ts'
import { type Insert, insertFrom, readInsert, readStatement, type Statement, selectInto } from './statement.ts'

/** What ClickHouse tells about a finished query; counts that the engine does not report are absent. */
interface Summary {
  written_rows?: string
  result_rows?: string
  elapsed_ns: string
}

export interface Answer {
  format: string
  summary: Summary
  body: Readable
}

export interface Room {
  engine: Engine
  exchange: Exchange
}

/** Runs the one statement of a call; the body, where there is one, is its rows or the rest of its text. */
export async function execute(room: Room, call: Call, body?: IncomingMessage): Promise<Answer> {
  const insert = readInsert(call.query)
  if (insert) return runInsert(room, call, insert, body)
  const rest = body ? await readBytes(body, QUERY_BYTES_MAX) : ''
  const text = rest.length === 0 ? call.query : `${call.query}\n${rest}`
  const inline = readInsert(text)
  if (inline) return runInsert(room, call, inline)
  const statement = readStatement(text)
  return statement.outfileAt === undefined ? runOther(room, call, statement) : runQuery(room, call, statement)
}

async function runInsert({ engine, exchange }: Room, call: Call, insert: Insert, body?: IncomingMessage) {
  await using file = exchange.place()
  const target = createWriteStream(file.path)
  target.write(insert.rows)
  if (body) await readBody(body, target, INSERT_BYTES_MAX)
  else await new Promise<void>((resolve, reject) => target.once('error', reject).end(resolve))
  const result = await engine.run(toQuery(call, insertFrom(insert, file.path)))
  return answer(call.format, { written_rows: String(result.rows), ...elapsed(result) }, Readable.from([]))
}

/** The whole result is on disk before the first byte leaves: an error never arrives in the middle of one. */
async function runQuery({ engine, exchange }: Room, call: Call, statement: Statement): Promise<Answer> {
  await using file = exchange.place()
  const result = await engine.run(toQuery(call, selectInto(statement, file.path, call.format)))
  const handle = await open(file.path)
  // The name goes away now, the data once it is read.
  const body = handle.createReadStream()
  return answer(statement.format ?? call.format, { result_rows: String(result.rows), ...elapsed(result) }, body)
}

async function runOther({ engine }: Room, call: Call, statement: Statement): Promise<Answer> {
  const result = await engine.run(toQuery(call, statement.sql))
  return answer(statement.format ?? call.format, elapsed(result), Readable.from([result.bytes]))
}

function toQuery({ database, settings, parameters, format }: Call, sql: string): Query {
  return { sql, database, settings, parameters, format }
}

function elapsed({ elapsedSeconds }: Result): Pick<Summary, 'elapsed_ns'> {
  return { elapsed_ns: String(Math.round(elapsedSeconds * 1e9)) }
}

function answer(format: string, summary: Summary, body: Readable): Answer {
  return { format, summary, body }
}
