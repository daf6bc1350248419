import { type Host, type LiveStream, sessionsOf, totalsOf } from '../host.ts'
import { isRecord } from '../json.ts'
import { healthOf, TRACK_COUNT } from '../media.ts'

/** The order of fields when a request names none. */
const activeFields = [
  'clients',
  'lastms',
  'viewers',
  'inputs',
  'outputs',
  'views',
  'viewseconds',
  'upbytes',
  'downbytes',
  'packsent',
  'packloss',
  'packretrans',
  'firstms',
  'zerounix',
  'health',
  'pid',
  'tracks',
  'status',
  'tags',
] as const

/** DVR window of the `live` stream, which bounds the buffer. */
const BUFFER_MS_MAX = 60_000

/** `active_streams`: names, rows of fields, or objects; null when nothing runs. */
export function listActiveStreams(host: Host, request: unknown): unknown {
  const names = namesIn(request)
  const streams = [...host.streams.values()].filter(
    ({ online, name }) => online && (names === undefined || names.includes(name)),
  )
  if (streams.length === 0) return null
  const { fields, longform } = shapeOf(request)
  if (fields === undefined) return streams.map(({ name }) => name)
  const rows = streams.map((stream) => [stream.name, fieldsOf(host, stream)] as const)
  if (longform) return Object.fromEntries(rows.map(([name, row]) => [name, pick(row, fields)]))
  const data = Object.fromEntries(rows.map(([name, row]) => [name, Object.values(pick(row, fields))]))
  return Array.isArray(request) ? data : { data, fields }
}

/** `stats_streams`: streams whose statistics are open, so also those that wait for their end. */
export function listCountedStreams(host: Host, request: unknown): unknown {
  const streams = [...host.streams.values()]
  if (!Array.isArray(request)) return streams.map(({ name }) => name)
  return Object.fromEntries(
    streams.map((stream) => [stream.name, Object.values(pick(fieldsOf(host, stream), request.map(String)))]),
  )
}

function shapeOf(request: unknown): { fields: readonly string[] | undefined; longform: boolean } {
  if (Array.isArray(request)) return { fields: request.map(String), longform: false }
  if (!isRecord(request)) return { fields: undefined, longform: false }
  const { fields, longform } = request
  return { fields: Array.isArray(fields) ? fields.map(String) : activeFields, longform: longform === true }
}

function namesIn(request: unknown): string[] | undefined {
  if (!isRecord(request)) return undefined
  const named = request.streams ?? request.stream
  if (named === undefined) return undefined
  return Array.isArray(named) ? named.map(String) : [String(named)]
}

function fieldsOf(host: Host, stream: LiveStream): Record<string, unknown> {
  const age_ms = Math.round(host.timeline.now() - stream.started_ms)
  const totals = totalsOf(host, stream)
  return {
    clients: totals.viewers + totals.inputs,
    lastms: stream.online ? age_ms : -1,
    viewers: totals.viewers,
    inputs: totals.inputs,
    outputs: 0,
    unspecified: 0,
    views: stream.views,
    viewseconds: totals.seconds,
    upbytes: totals.up_bytes,
    downbytes: totals.down_bytes,
    packsent: 0,
    packloss: 0,
    packretrans: 0,
    firstms: Math.max(0, age_ms - BUFFER_MS_MAX),
    zerounix: stream.started_unix,
    health: healthOf(Math.min(age_ms, BUFFER_MS_MAX)),
    pid: [stream.buffer_pid],
    tracks: TRACK_COUNT,
    status: 'Online',
    tags: stream.replica ? ['replicated'] : null,
    sourcepids: sessionsOf(host, stream.name).flatMap(({ kind, pid }) => (kind === 'input' ? [pid] : [])),
  }
}

function pick(row: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, row[field] ?? null]))
}
