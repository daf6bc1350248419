import { closeConnection, openConnection, type Refusal } from './connection.ts'
import type { Host } from './host.ts'
import { startStreaming, stopStreaming } from './session.ts'

export const viewProtocols = ['hls', 'cmaf', 'mp4', 'ts', 'webrtc', 'rtmp', 'srt'] as const
type ViewProtocol = (typeof viewProtocols)[number]

export interface ViewRequest {
  playback_id: string
  protocol: ViewProtocol
  viewer_host: string
  /** Of a signed stream, as it stands in the viewer's URL. */
  token?: string
}

export type View =
  | { admitted: true; session_id: string; runtime_name: string; end: () => void; ended: Promise<void> }
  | { admitted: false; reason: Refusal }

const connectors: Record<ViewProtocol, { connector: string; url: (base: string, name: string) => string }> = {
  hls: { connector: 'HLS', url: (base, name) => `${base}/hls/${name}/index.m3u8` },
  cmaf: { connector: 'CMAF', url: (base, name) => `${base}/cmaf/${name}/index.m3u8` },
  mp4: { connector: 'MP4', url: (base, name) => `${base}/${name}.mp4` },
  ts: { connector: 'HTTPTS', url: (base, name) => `${base}/${name}.ts` },
  webrtc: { connector: 'WebRTC', url: (base, name) => `${base}/webrtc/${name}` },
  rtmp: { connector: 'RTMP', url: (_, name) => `rtmp://127.0.0.1:1935/play/${name}` },
  srt: { connector: 'TSSRT', url: () => '' },
}

const USER_AGENTS = ['Lavf/59.27.100', 'curl/7.88.1', 'Mozilla/5.0'] as const
const TOKEN_MAX = 2 ** 32 - 1

/** Starts a viewer who watches until `end`, until the stream ends or until the API stops the session. */
export async function startView(host: Host, request: ViewRequest): Promise<View> {
  const { playback_id, protocol, viewer_host, token } = request
  const { connector, url } = connectors[protocol]
  const opened = await openConnection(host, {
    name: playback_id,
    connector,
    host: viewer_host,
    url: `${url(host.http_url, encodeURIComponent(playback_id).replaceAll('%2B', '%2b'))}${token ? `?tkn=${token}` : ''}`,
    token: token ?? String(host.dice.integer(1, TOKEN_MAX)),
    user_agent: host.dice.pick(USER_AGENTS),
  })
  if (!opened.admitted) return opened
  const { session, stream } = opened.connection
  startStreaming(session, host.timeline.now())
  const { promise: left, resolve: end } = Promise.withResolvers<void>()
  session.stop = end
  const ended = left.then(async () => {
    stopStreaming(session, host.timeline.now())
    await closeConnection(host, opened.connection)
  })
  host.flows.run('viewer', () => Promise.race([ended, host.timeline.stopped]))
  // The stream may have ended while its last triggers were answered.
  if (!host.streams.get(stream)?.online) end()
  return { admitted: true, session_id: session.id, runtime_name: stream, end, ended }
}
