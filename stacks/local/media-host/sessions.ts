import { type Host, sessionId, settle } from './host.ts'
import { endLines, type Session, stopStreaming, touch } from './session.ts'

/** A session ends after 15 s without activity, and the scan that notices it runs about 2 s later. */
export const SESSION_QUIET_MS = 17_000
/** How long a denied session stays denied without asking again. */
export const DENIAL_MS = 600_000

interface Arrival {
  stream: string
  host: string
  connector: string
  token: string
  url: string
  user_agent: string
}

/** The viewer's session, begun and put to USER_NEW if it is new; undefined when it is denied. */
export async function admitViewer(host: Host, arrival: Arrival): Promise<Session | undefined> {
  const id = sessionId(arrival.stream, arrival.host, arrival.token)
  if ((host.denials.get(id) ?? 0) > host.timeline.now()) return undefined
  const session = host.sessions.get(id) ?? beginViewer(host, id, arrival)
  // Counted before anything is awaited, or a slow answer would look like silence and end the session.
  session.connections++
  touch(session, arrival.connector, host.timeline.now())
  return (await session.admitted) ? session : undefined
}

function beginViewer(host: Host, id: string, { stream, host: address, connector, token, url, user_agent }: Arrival) {
  const { dice, timeline } = host
  const { promise: admitted, resolve } = Promise.withResolvers<boolean>()
  const session: Session = {
    id,
    kind: 'viewer',
    stream,
    host: address,
    token,
    url,
    pid: host.nextPid(),
    user_agent,
    connectors: new Map(),
    started_ms: timeline.now(),
    last_active_ms: timeline.now(),
    connections: 0,
    streaming_since_ms: undefined,
    streamed_ms: 0,
    up_bytes_per_s: dice.integer(95_000, 130_000),
    down_bytes_per_s: dice.integer(0, 80),
    up_bytes_served: 0,
    down_bytes_served: 0,
    admitted,
    stop: undefined,
  }
  host.sessions.set(id, session)
  host.flows.run('session', async () => {
    const admitted = await askUserNew(host, session, connector, ['false'])
    resolve(admitted)
    if (!admitted) return deny(host, session)
    count(host, session)
    await endWhenQuiet(host, session)
  })
  return session
}

/** USER_NEW has a seventh line, whether a token of the server's own was valid, only the first time it fires. */
async function askUserNew(host: Host, session: Session, connector: string, first: readonly string[]) {
  const { stream, host: address, token, url, id, pid } = session
  const lines = [stream, address, token, connector, url, id, ...first]
  return (await host.fire('USER_NEW', { stream, pid, lines })).allowed
}

function deny(host: Host, session: Session): void {
  host.sessions.delete(session.id)
  host.denials.set(session.id, host.timeline.now() + DENIAL_MS)
}

function count(host: Host, { stream }: Session): void {
  host.begun.viewers++
  const live = host.streams.get(stream)
  if (live) live.views++
}

async function endWhenQuiet(host: Host, session: Session): Promise<void> {
  for (;;) {
    const quiet_ms = session.connections > 0 ? 0 : host.timeline.now() - session.last_active_ms
    if (quiet_ms >= SESSION_QUIET_MS) break
    await host.timeline.wait(SESSION_QUIET_MS - quiet_ms)
  }
  if (host.sessions.get(session.id) !== session) return
  const lines = endLines(session, host.timeline.now())
  settle(host, session)
  await host.fire('USER_END', { stream: session.stream, pid: session.pid, lines })
}

/** Asks USER_NEW again for everyone on a stream; who is denied now is cut off, the others notice nothing. */
export function invalidateSessions(host: Host, stream: string): void {
  for (const session of host.sessions.values()) {
    if (session.kind !== 'viewer' || session.stream !== stream) continue
    const [connector = ''] = session.connectors.keys()
    host.flows.run('re-admission', async () => {
      if (await askUserNew(host, session, connector, [])) return
      host.denials.set(session.id, host.timeline.now() + DENIAL_MS)
      stopSession(host, session)
    })
  }
}

/** Cuts a session's connections, as the API's stop calls do; its end is reported after the usual silence. */
export function stopSession(host: Host, session: Session): void {
  stopStreaming(session, host.timeline.now())
  session.stop?.()
}
