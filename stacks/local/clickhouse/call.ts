import type { IncomingHttpHeaders } from 'node:http'
import { Exception } from './exception.ts'

/** What one HTTP request asks of ClickHouse, apart from its body. */
export interface Call {
  queryId: string
  /** The `query` of the URL; the body then follows it, or is the query when there is none. */
  query: string
  database: string | undefined
  format: string
  settings: Record<string, string>
  parameters: Record<string, string>
  /** Whether it allows a compressed answer. */
  compress: boolean
  user: string
  password: string
}

/** Parameters of the HTTP interface itself, which the engine would refuse as settings. */
const INTERFACE_PARAMETERS = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'stacktrace',
  'wait_end_of_query',
  'buffer_size',
  'client_protocol_version',
])
const NOT_OFFERED = ['session_id', 'session_timeout', 'session_check', 'role', 'compress', 'decompress']
const PARAMETER = /^param_/
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Reads the URL's parameters and the headers; throws an Exception for what this engine cannot do. */
export function readCall(method: string, url: URL, headers: IncomingHttpHeaders): Call {
  const { searchParams } = url
  const option = (name: string, header: string) => searchParams.get(name) ?? single(headers[header])
  const refused = NOT_OFFERED.find((name) => searchParams.has(name) && searchParams.get(name) !== '0')
  if (refused) throw new Exception('NOT_IMPLEMENTED', `The local ClickHouse does not offer '${refused}'`)
  const { settings, parameters } = sort(searchParams)
  // As in ClickHouse: a GET must not change anything.
  if (method !== 'POST') settings.readonly = '2'
  return {
    queryId: option('query_id', 'x-clickhouse-query-id') || crypto.randomUUID(),
    query: searchParams.get('query') ?? '',
    database: option('database', 'x-clickhouse-database'),
    format: requireName(option('default_format', 'x-clickhouse-format') ?? 'TabSeparated'),
    settings,
    parameters,
    compress: settings.enable_http_compression === '1',
    ...readCredentials(searchParams, headers),
  }
}

function sort(searchParams: URLSearchParams): Pick<Call, 'settings' | 'parameters'> {
  const settings: Record<string, string> = {}
  const parameters: Record<string, string> = {}
  for (const [name, value] of searchParams) {
    if (INTERFACE_PARAMETERS.has(name) || NOT_OFFERED.includes(name)) continue
    const [place, key] = PARAMETER.test(name) ? [parameters, name.replace(PARAMETER, '')] : [settings, name]
    place[requireName(key)] = value
  }
  return { settings, parameters }
}

/** Names go into SQL as they are. */
export function requireName(name: string): string {
  if (!NAME.test(name)) throw new Exception('BAD_ARGUMENTS', 'The name of a setting, parameter or format is not valid')
  return name
}

function readCredentials(searchParams: URLSearchParams, headers: IncomingHttpHeaders): Pick<Call, 'user' | 'password'> {
  const [, encoded] = /^Basic (.+)$/i.exec(headers.authorization ?? '') ?? []
  if (encoded !== undefined) {
    const text = Buffer.from(encoded, 'base64').toString()
    const colon = text.indexOf(':')
    return { user: text.slice(0, Math.max(colon, 0)), password: text.slice(colon + 1) }
  }
  return {
    user: single(headers['x-clickhouse-user']) ?? searchParams.get('user') ?? 'default',
    password: single(headers['x-clickhouse-key']) ?? searchParams.get('password') ?? '',
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
