import { type Host, unixSeconds } from './host.ts'
import { BALANCE, pullBalanced } from './replica.ts'
import { isConfigured, sanitizeName } from './server-config.ts'
import { type Session, touch } from './session.ts'
import { admitViewer } from './sessions.ts'

/** One connection of a viewer: what it asked for, and over which connector. */
export interface ViewerRequest {
  name: string
  connector: string
  host: string
  url: string
  token: string
  user_agent: string
}

export interface Connection extends ViewerRequest {
  session: Session
  stream: string
  pid: number
  opened_unix: number
}

export type Refusal = 'connection_refused' | 'playback_rejected' | 'offline' | 'session_denied'
export type Opened = { admitted: true; connection: Connection } | { admitted: false; reason: Refusal }

/** Connectors that arrive as plain HTTP first, and so open twice. */
const NOT_HTTP = new Set(['RTMP', 'RTSP', 'TSSRT'])
/** Connectors whose connections end without OUTPUT_END. */
const SILENT_ENDS = new Set(['HLS', 'HTTP'])
/** What the server prints as the first timestamp of an output that sent no media. */
const NO_MEDIA_MS = '18446744073709551615'

/** Takes a viewer's connection through the triggers of a real one, up to the start of playback. */
export async function openConnection(host: Host, request: ViewerRequest): Promise<Opened> {
  const pid = host.nextPid()
  const refuse = async (reason: Refusal, stream: string): Promise<Opened> => {
    await host.fire('CONN_CLOSE', { stream, pid, lines: linesOf(request, stream) })
    return { admitted: false, reason }
  }
  if (!(await openAllowed(host, request, pid))) return refuse('connection_refused', request.name)
  const rewrite = await host.fire('PLAY_REWRITE', { stream: request.name, pid, lines: linesOf(request, request.name) })
  if (rewrite.action === 'deny') return refuse('playback_rejected', '')
  const renamed = rewrite.asked && rewrite.action === 'value' ? rewrite.value : request.name
  if (renamed === '') return refuse('playback_rejected', '')
  const stream = sanitizeName(renamed)
  if (!host.streams.get(stream)?.online && !(await bootOffline(host, request, stream, pid))) {
    return refuse('offline', stream)
  }
  const session = await admitViewer(host, { ...request, stream })
  if (session === undefined) return refuse('session_denied', stream)
  const connection = { ...request, session, stream, pid, opened_unix: unixSeconds(host) }
  const play = await host.fire('CONN_PLAY', { stream, pid, lines: linesOf(request, stream) })
  if (play.allowed) return { admitted: true, connection }
  await closeConnection(host, connection)
  return { admitted: false, reason: 'connection_refused' }
}

async function openAllowed(host: Host, { name, host: address, connector }: ViewerRequest, pid: number) {
  const open = (stream: string, by: string) => host.fire('CONN_OPEN', { stream, pid, lines: [stream, address, by, ''] })
  if (NOT_HTTP.has(connector)) return (await open('', connector)).allowed
  return (await open('', 'HTTP')).allowed && (await open(name, connector)).allowed
}

/** What the server tries for a stream that does not run: its sources, then the default stream. Whether it runs now. */
async function bootOffline(host: Host, request: ViewerRequest, stream: string, pid: number): Promise<boolean> {
  const load = await host.fire('STREAM_LOAD', { stream, pid, lines: [stream] })
  if (!load.allowed) return false
  const source = await host.fire('STREAM_SOURCE', { stream, pid, lines: [stream] })
  if (source.action === 'offline') return false
  if (source.action === 'value' && source.value.startsWith(BALANCE)) {
    return pullBalanced(host, stream, source.value.slice(BALANCE.length))
  }
  const fallback = isConfigured(host.settings, stream) ? String(host.settings.config.defaultStream) : ''
  await host.fire('DEFAULT_STREAM', { stream, pid, lines: [fallback, ...linesOf(request, stream)] })
  return false
}

/** Closes a connection; the session lives on for a while. */
export async function closeConnection(host: Host, connection: Connection): Promise<void> {
  const { session, stream, pid, connector } = connection
  session.connections--
  touch(session, connector, host.timeline.now())
  await host.fire('CONN_CLOSE', { stream, pid, lines: linesOf(connection, stream) })
  if (SILENT_ENDS.has(connector)) return
  const now = unixSeconds(host)
  const reason = ['CLEAN_REMOTE_CLOSE', 'connection closed', '']
  const sent = [Math.round(session.up_bytes_served), now - connection.opened_unix, connection.opened_unix, now]
  await host.fire('OUTPUT_END', { stream, pid, lines: [stream, '', connector, ...sent, 0, NO_MEDIA_MS, 0, ...reason] })
}

function linesOf({ host, connector, url }: ViewerRequest, stream: string): string[] {
  return [stream, host, connector, url]
}
