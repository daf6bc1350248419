import { type Host, unixSeconds } from '../host.ts'
import { isRecord } from '../json.ts'
import { type Session, sumsOf, tagsOf } from '../session.ts'

const clientFields = [
  'host',
  'stream',
  'protocol',
  'conntime',
  'position',
  'down',
  'up',
  'downbps',
  'upbps',
  'sessid',
  'pktcount',
  'pktlost',
  'pktretransmit',
  'tags',
]

/** Without a time the server answers for ten minutes ago. */
const DEFAULT_LOOKBACK_S = 600

/** `clients`: one row a session; `time` at or below zero counts from now. */
export function listClients(host: Host, request: unknown): unknown {
  if (Array.isArray(request)) return request.map((each) => listClients(host, each))
  const query = isRecord(request) ? request : {}
  const fields = Array.isArray(query.fields) && query.fields.length > 0 ? query.fields.map(String) : clientFields
  const now = unixSeconds(host)
  const asked = typeof query.time === 'number' && query.time !== 0 ? query.time : -DEFAULT_LOOKBACK_S
  const time = asked < 0 ? now + asked : asked
  const rows = [...host.sessions.values()]
    .filter((session) => now - time < DEFAULT_LOOKBACK_S && session.connections > 0)
    .map((session) => rowOf(host, session))
    .filter((row) => Object.entries(filters).every(([filter, field]) => matches(query, filter, row[field])))
  const data = rows.map((row) => fields.map((field) => row[field] ?? null))
  return { data: data.length > 0 ? data : null, fields, time }
}

/** The plural of each filter in a request, and the field it looks at. */
const filters: Record<string, string> = {
  streams: 'stream',
  protocols: 'protocol',
  hosts: 'host',
  sessids: 'sessid',
}

function matches(query: Record<string, unknown>, filter: string, value: unknown): boolean {
  const wanted = query[filter] ?? query[filter.slice(0, -1)]
  if (wanted === undefined || wanted === '') return true
  return Array.isArray(wanted) ? wanted.length === 0 || wanted.includes(value) : wanted === value
}

function rowOf(host: Host, session: Session): Record<string, unknown> {
  const now_ms = host.timeline.now()
  const { seconds, up_bytes, down_bytes } = sumsOf(session, now_ms)
  const stream = host.streams.get(session.stream)
  const streaming = session.streaming_since_ms !== undefined
  const tags = tagsOf(session)
  return {
    host: session.host,
    stream: session.stream,
    protocol: [...session.connectors.keys()].join(','),
    conntime: seconds,
    position: session.kind === 'viewer' && stream ? Math.floor((now_ms - stream.started_ms) / 1000) : 0,
    down: down_bytes,
    up: up_bytes,
    downbps: streaming ? session.down_bytes_per_s : 0,
    upbps: streaming ? session.up_bytes_per_s : 0,
    sessid: session.id,
    pktcount: 0,
    pktlost: 0,
    pktretransmit: 0,
    tags: tags.length > 0 ? tags : null,
  }
}
