import {
  type Host,
  type LiveStream,
  type Publisher,
  sessionId,
  sessionsOf,
  settle,
  totalsOf,
  unixSeconds,
} from './host.ts'
import { connectionLines, type Ingest } from './ingest.ts'
import { healthOf, inputTracks, trackListOf } from './media.ts'
import { type Session, stopStreaming, sumsOf } from './session.ts'

/** From STREAM_PUSH to the first track list, and from there to a full buffer. */
const TRACK_LIST_MS = 270
const BUFFER_FULL_MS = 4_000
/** From the end of the push until the buffer is unloaded. */
const UNLOAD_MS = 240
/** From the end of the push until the statistics of the stream close. */
export const STREAM_END_MS = 18_700
const STATISTICS_SCAN_MS = 1_000
/** What a publisher's own handshake costs in bytes to it, over RTMP. */
const RTMP_HANDSHAKE_BYTES = 3_708

export interface Boot {
  name: string
  pid: number
  buffer_pid: number
}

export type Reason = Parameters<Publisher['end']>[0]

/** Brings an accepted push on air: the stream with its input session, and its whole life in the background. */
export function startBroadcast(host: Host, ingest: Ingest, boot: Boot): Publisher {
  const stream = openStream(host, boot)
  const session = openInput(host, ingest, boot)
  const { promise: hungUp, resolve: end } = Promise.withResolvers<Reason>()
  session.stop = () => end({ code: 'CLEAN_SIGNAL', text: 'signal Terminated (15)' })
  const publisher = { id: session.id, stream: boot.name, protocol: ingest.protocol, session, end }
  stream.publisher = publisher
  host.flows.run('broadcast', async () => {
    await goOnAir(host, stream, hungUp)
    const reason = await Promise.race([hungUp, host.timeline.stopped])
    await hangUp(host, stream, { ingest, session, pid: boot.pid, reason })
    await unload(host, stream)
    await endStatistics(host, stream)
  })
  return publisher
}

export function openStream(host: Host, { name, buffer_pid }: Boot, replica = false): LiveStream {
  const now_ms = host.timeline.now()
  // A publisher who is back before STREAM_END goes on in the same statistics.
  const before = host.streams.get(name)
  const stream: LiveStream = {
    name,
    online: true,
    started_ms: now_ms,
    started_unix: unixSeconds(host),
    buffer_pid,
    publisher: undefined,
    replica,
    views: before?.views ?? 0,
    inputs: (before?.inputs ?? 0) + 1,
    past: before?.past ?? { seconds: 0, up_bytes: 0, down_bytes: 0 },
  }
  host.streams.set(name, stream)
  host.begun.inputs++
  return stream
}

/** What brings a stream's media: a publisher, or the pull from another host. */
type Source = Pick<Ingest, 'host' | 'connector'> & { protocol: Ingest['protocol'] | 'dtsc' }

export function openInput(host: Host, ingest: Source, { name, pid }: Boot): Session {
  const now_ms = host.timeline.now()
  const session: Session = {
    id: `I${sessionId(name, ingest.host, String(pid), String(now_ms))}`,
    kind: 'input',
    stream: name,
    host: ingest.host,
    token: '',
    url: '',
    pid,
    user_agent: ingest.protocol === 'rtmp' ? 'FMLE/3.0 (compatible; Lavf59.27.100)' : '',
    connectors: new Map([[`INPUT:${ingest.connector}`, { first_ms: now_ms, last_ms: now_ms }]]),
    started_ms: now_ms,
    last_active_ms: now_ms,
    connections: 1,
    streaming_since_ms: now_ms,
    streamed_ms: 0,
    up_bytes_per_s: 0,
    down_bytes_per_s: host.dice.integer(105_000, 118_000),
    up_bytes_served: ingest.protocol === 'rtmp' ? RTMP_HANDSHAKE_BYTES : 0,
    down_bytes_served: 0,
    admitted: Promise.resolve(true),
    stop: undefined,
  }
  host.sessions.set(session.id, session)
  return session
}

/** Reports the tracks and a full buffer, unless the publisher is gone before. */
export async function goOnAir(
  host: Host,
  { name, buffer_pid, started_ms }: LiveStream,
  hungUp: Promise<Reason>,
): Promise<void> {
  const age_ms = () => host.timeline.now() - started_ms
  const gone = hungUp.then(() => true)
  const passed = (ms: number) => Promise.race([host.timeline.wait(ms).then(() => false), gone])
  if (await passed(TRACK_LIST_MS)) return
  const tracks = JSON.stringify(trackListOf(age_ms()))
  await host.fire('LIVE_TRACK_LIST', { stream: name, pid: buffer_pid, lines: [name, tracks, ''] })
  if (await passed(BUFFER_FULL_MS)) return
  const health = JSON.stringify(healthOf(age_ms()))
  await host.fire('STREAM_BUFFER', { stream: name, pid: buffer_pid, lines: [name, 'FULL', health] })
}

interface HangUp {
  ingest: Ingest
  session: Session
  pid: number
  reason: Reason
}

async function hangUp(host: Host, { name }: LiveStream, { ingest, session, pid, reason }: HangUp): Promise<void> {
  stopStreaming(session, host.timeline.now())
  session.last_active_ms = host.timeline.now()
  session.connections = 0
  const { seconds, up_bytes } = sumsOf(session, host.timeline.now())
  const tracks = JSON.stringify(inputTracks)
  const lines = [name, ingest.host, ingest.connector, pid, reason.code, reason.text, tracks]
  await host.fire('PUSH_INPUT_CLOSE', { stream: name, pid, lines })
  await host.fire('CONN_CLOSE', { stream: name, pid, lines: connectionLines(ingest, name) })
  const now = unixSeconds(host)
  const sums = [up_bytes, seconds, now - seconds, now, 0, '18446744073709551615', 0]
  const end = [name, '', ingest.connector, ...sums, reason.code, reason.text, '']
  await host.fire('OUTPUT_END', { stream: name, pid, lines: end })
  settle(host, session)
}

export async function unload(host: Host, stream: LiveStream): Promise<void> {
  const { name, buffer_pid: pid } = stream
  await host.timeline.wait(UNLOAD_MS)
  stream.online = false
  stream.publisher = undefined
  for (const session of sessionsOf(host, name)) {
    if (session.kind === 'viewer') session.stop?.()
  }
  await host.fire('STREAM_BUFFER', { stream: name, pid, lines: [name, 'EMPTY'] })
  await host.fire('LIVE_TRACK_LIST', { stream: name, pid, lines: [name, '', ''] })
  const reason = 'uncancelablesource disconnected for non-resumable stream'
  await host.fire('STREAM_UNLOAD', { stream: name, pid, lines: [name, 'Buffer', reason] })
}

/** STREAM_END comes once the last session of the stream is over, unless it is back on air by then. */
export async function endStatistics(host: Host, stream: LiveStream): Promise<void> {
  const { name } = stream
  await host.timeline.wait(STREAM_END_MS - UNLOAD_MS)
  while (sessionsOf(host, name).length > 0) await host.timeline.wait(STATISTICS_SCAN_MS)
  if (host.streams.get(name) !== stream) return
  const { up_bytes, down_bytes, seconds } = totalsOf(host, stream)
  host.streams.delete(name)
  const lines = [name, down_bytes, up_bytes, stream.views, stream.inputs, 0, seconds]
  await host.fire('STREAM_END', { stream: name, pid: host.controller_pid, lines })
}
