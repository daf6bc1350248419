/** One viewer or publisher as the server accounts for it; several connections may belong to it. */
export interface Session {
  id: string
  kind: 'viewer' | 'input'
  stream: string
  host: string
  token: string
  url: string
  pid: number
  user_agent: string
  /** First and last activity on each connector, in stream time. */
  connectors: Map<string, { first_ms: number; last_ms: number }>
  started_ms: number
  last_active_ms: number
  /** Open connections; a session ends when it has had none for a while. */
  connections: number
  /** Set while media flows by itself, unlike a connection that fetches one file. */
  streaming_since_ms: number | undefined
  streamed_ms: number
  up_bytes_per_s: number
  down_bytes_per_s: number
  up_bytes_served: number
  down_bytes_served: number
  /** The answer to USER_NEW, asked once however many connections wait for it. */
  admitted: Promise<boolean>
  /** Takes the viewer off, as the API's stop calls do. */
  stop: (() => void) | undefined
}

const MS_PER_S = 1000

/** What a session has come to: `up` is server to peer. */
export interface Sums {
  seconds: number
  up_bytes: number
  down_bytes: number
}

export function sumsOf(session: Session, now_ms: number): Sums {
  const since = session.streaming_since_ms
  const streamed_s = (session.streamed_ms + (since === undefined ? 0 : now_ms - since)) / MS_PER_S
  const last_ms = since === undefined ? session.last_active_ms : now_ms
  return {
    seconds: Math.max(1, Math.round((last_ms - session.started_ms) / MS_PER_S)),
    up_bytes: Math.round(session.up_bytes_served + streamed_s * session.up_bytes_per_s),
    down_bytes: Math.round(session.down_bytes_served + streamed_s * session.down_bytes_per_s),
  }
}

/** Marks activity on one connector. */
export function touch(session: Session, connector: string, now_ms: number): void {
  session.last_active_ms = now_ms
  const seen = session.connectors.get(connector)
  session.connectors.set(connector, { first_ms: seen?.first_ms ?? now_ms, last_ms: now_ms })
}

export function startStreaming(session: Session, now_ms: number): void {
  session.streaming_since_ms ??= now_ms
}

export function stopStreaming(session: Session, now_ms: number): void {
  if (session.streaming_since_ms === undefined) return
  session.streamed_ms += now_ms - session.streaming_since_ms
  session.streaming_since_ms = undefined
}

/** The tags that the access log and USER_END show. */
export function tagsOf(session: Session): string[] {
  return session.user_agent === '' ? [] : [`UA:${session.user_agent}`]
}

/** The twelve lines of USER_END. */
export function endLines(session: Session, now_ms: number): (string | number)[] {
  const { seconds, up_bytes, down_bytes } = sumsOf(session, now_ms)
  // The server does not list its own information pages, which have the connector HTTP.
  const connectors = [...session.connectors].filter(([name]) => name !== 'HTTP')
  const lasted = ({ first_ms, last_ms }: { first_ms: number; last_ms: number }) =>
    Math.max(1, Math.round((last_ms - first_ms) / MS_PER_S))
  const tags = tagsOf(session)
  return [
    session.token,
    session.stream,
    connectors.map(([name]) => name).join(','),
    session.host,
    seconds,
    up_bytes,
    down_bytes,
    tags.map((tag) => `[${tag}]`).join(','),
    seconds,
    connectors.map(([, times]) => lasted(times)).join(','),
    seconds,
    session.id,
  ]
}
