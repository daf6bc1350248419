import { readCount, readLines, readList, unreadable } from './payload.ts'

export const session = {
  USER_NEW: { blocking: true, parse: parseNew },
  USER_END: { blocking: false, parse: parseEnd },
} as const

/** Six lines, and a seventh (was the session let in by a JWT?) when it fires for the first time. */
const JWT_VALID = /\n(true|false)$/

function parseNew(payload: string) {
  const lines = payload.replace(JWT_VALID, '')
  const read = readLines(lines, 'stream_name', 'host', 'token', 'connector', 'request_url', 'session_id')
  if (!SESSION_ID.test(read.session_id)) throw unreadable('trigger_session', 'the session id is not one')
  return read
}

const SESSION_ID = /^[A-Z]?[0-9a-f]{64}$/

const USER_END_LINES = 12

export interface Part {
  name: string
  seconds: number
}

/**
 * Twelve lines. The first is the viewer's own token, the second the stream, and either may hold newlines: the last ten
 * lines are certain, the token is the first, and the stream is the last text in between.
 */
function parseEnd(payload: string) {
  const lines = payload.split('\n')
  if (lines.length < USER_END_LINES) {
    throw unreadable('trigger_lines', `${USER_END_LINES} lines expected, ${lines.length} came`)
  }
  const tail = lines.slice(-(USER_END_LINES - 2))
  const [connectors, hosts, seconds, up, down, tags, hostSeconds, connectorSeconds, streamSeconds, session_id] = tail
  const streams = lines.slice(1, -tail.length).findLast((line) => line !== '')
  if (!SESSION_ID.test(session_id ?? '')) throw unreadable('trigger_session', 'the session id is not one')
  return {
    session_id: session_id ?? '',
    streams: toParts(streams, streamSeconds),
    connectors: toParts(connectors, connectorSeconds),
    hosts: toParts(hosts, hostSeconds),
    seconds: readCount(seconds ?? '', 'seconds'),
    egress_bytes: readCount(up ?? '', 'up'),
    ingress_bytes: readCount(down ?? '', 'down'),
    tags: readTags(tags ?? ''),
  }
}

/** Names and their seconds are two lists side by side; a name without seconds has none. */
function toParts(names = '', seconds = ''): Part[] {
  const times = readList(seconds)
  return readList(names).map((name, i) => ({ name, seconds: readCount(times[i] ?? '0', 'seconds') }))
}

/** `[a][b]`, each of them free text such as `UA:curl/7.88.1`. */
function readTags(text: string): string[] {
  return text === '' ? [] : text.replace(/^\[|\]$/g, '').split('][')
}
