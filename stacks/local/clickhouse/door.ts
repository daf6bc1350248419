import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { equalSecrets } from '../../../shared/random.ts'
import { readBytes } from './body.ts'
import { type Call, readCall } from './call.ts'
import { Exception, toExceptionText, toHttpStatus } from './exception.ts'
import { type Answer, execute, type Room } from './execute.ts'
import { readForm } from './form.ts'
import { QUERY_BYTES_MAX } from './limits.ts'

export interface Credentials {
  user: string
  password: string
}

const contentTypes: Record<string, string> = {
  JSON: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
}

/** ClickHouse's HTTP interface over an engine in this process: https://clickhouse.com/docs/interfaces/http */
export function createDoor(room: Room, credentials: Credentials): Server {
  return createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://clickhouse')
    response.setHeader('X-ClickHouse-Timezone', 'UTC')
    try {
      await route(room, credentials, url, request, response)
    } catch (error) {
      sendException(error, room.engine.version, request, response)
    }
  })
}

async function route(
  room: Room,
  credentials: Credentials,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (url.pathname === '/ping') return send(response, 200, 'Ok.\n')
  if (url.pathname !== '/') return send(response, 404, 'There is no handle of this path\n')
  const method = request.method ?? ''
  if (method !== 'GET' && method !== 'POST') throw new Exception('NOT_IMPLEMENTED', `No answer to ${method}`)
  if (method === 'GET' && url.search === '') return send(response, 200, 'Ok.\n')
  const call = readCall(method, url, request.headers)
  response.setHeader('X-ClickHouse-Query-Id', call.queryId)
  await authenticate(call, credentials)
  const answer = await run(room, call, request)
  await sendAnswer(answer, call.compress && acceptsGzip(request), response)
}

/** A multipart form carries the query and its parameters as fields: @clickhouse/client does so when they are long. */
async function run(room: Room, call: Call, request: IncomingMessage): Promise<Answer> {
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('multipart/form-data')) return execute(room, call, request)
  return execute(room, await readForm(call, type, await readBytes(request, QUERY_BYTES_MAX)))
}

async function authenticate(call: Call, credentials: Credentials): Promise<void> {
  const matches = await Promise.all([
    equalSecrets(call.user, credentials.user),
    equalSecrets(call.password, credentials.password),
  ])
  if (matches.every(Boolean)) return
  const text = 'Authentication failed: password is incorrect, or there is no user with such name'
  throw new Exception('AUTHENTICATION_FAILED', text)
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
}

async function sendAnswer({ format, summary, body }: Answer, compress: boolean, response: ServerResponse) {
  response.setHeader('Content-Type', contentTypes[format] ?? 'text/plain; charset=UTF-8')
  response.setHeader('X-ClickHouse-Format', format)
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary))
  if (!compress) return pipeline(body, response)
  response.setHeader('Content-Encoding', 'gzip')
  return pipeline(body, createGzip(), response)
}

function sendException(error: unknown, version: string, request: IncomingMessage, response: ServerResponse): void {
  // The caller went away while its answer was on the way.
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { code, text } = toExceptionText(error, version)
  response.setHeader('X-ClickHouse-Exception-Code', code)
  // What is left of a refused body would otherwise be read as the next request.
  if (!request.complete) response.setHeader('Connection', 'close')
  send(response, toHttpStatus(code), text)
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=UTF-8' }).end(text)
}
