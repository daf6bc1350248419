import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { callerOf } from './api/door.ts'
import { type Connection, closeConnection, openConnection, type Refusal } from './connection.ts'
import type { Host } from './host.ts'
import { trackListOf } from './media.ts'

type Env = { Bindings: HttpBindings }

const SEGMENT_S = 2
const SEGMENTS_LISTED = 3
const MS_PER_S = 1000
/** One transport-stream packet that carries nothing: 188 bytes, PID 0x1fff. */
const NULL_PACKET = Uint8Array.from({ length: 188 }, (_, i) => [0x47, 0x1f, 0xff, 0x10][i] ?? 0xff)
const PACKETS_A_SEGMENT = 50
const TOKEN_MAX = 2 ** 32 - 1

interface File {
  connector: string
  type: string
  body: (host: Host, connection: Connection) => string | Uint8Array<ArrayBuffer>
}

const PLAYLIST = 'application/vnd.apple.mpegurl'
const master: File['body'] = (_, { session }) =>
  `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=960000,RESOLUTION=640x360\n1_2/index.m3u8?tkn=${session.token}\n`

const files: Record<string, File> = {
  hls_master: { connector: 'HLS', type: PLAYLIST, body: master },
  hls_media: { connector: 'HLS', type: PLAYLIST, body: mediaPlaylist },
  hls_segment: { connector: 'HLS', type: 'video/mp2t', body: nullSegment },
  cmaf_master: { connector: 'CMAF', type: PLAYLIST, body: master },
  cmaf_media: { connector: 'CMAF', type: PLAYLIST, body: mediaPlaylist },
  cmaf_segment: { connector: 'CMAF', type: 'video/mp2t', body: nullSegment },
  ts: { connector: 'HTTPTS', type: 'video/mp2t', body: nullSegment },
  page: { connector: 'HTTP', type: 'text/html', body: (_, { stream }) => `<!doctype html><title>${stream}</title>\n` },
  info: { connector: 'HTTP', type: 'application/json', body: streamInformation },
}

/** What viewers fetch over HTTP: playlists, transport stream that holds no picture, stream information. */
export function createViewerDoor(host: Host): Hono<Env> {
  const serve = (kind: keyof typeof files) => (c: Context<Env>) => serveFile(host, c, kind)
  const door = new Hono<Env>()
  for (const format of ['hls', 'cmaf']) {
    door.get(`/${format}/:name/index.m3u8`, serve(`${format}_master`))
    door.get(`/${format}/:name/:tracks/index.m3u8`, serve(`${format}_media`))
    door.get(`/${format}/:name/:tracks/:segment`, serve(`${format}_segment`))
  }
  door.get('/cmaf/:name/', serve('cmaf_master'))
  door.get('/:file{json_.+\\.js}', serve('info'))
  door.get('/:file{.+\\.ts}', serve('ts'))
  door.get('/:file{.+\\.html}', serve('page'))
  return door
}

async function serveFile(host: Host, c: Context<Env>, kind: keyof typeof files): Promise<Response> {
  const file = files[kind]
  if (file === undefined) return c.notFound()
  const { pathname, search } = new URL(c.req.url)
  const opened = await openConnection(host, {
    name: nameIn(c),
    connector: file.connector,
    host: callerOf(c, false).address.replace('::ffff:', ''),
    url: `${host.http_url}${pathname.replaceAll('%2B', '%2b')}${search}`,
    token: c.req.query('tkn') ?? String(host.dice.integer(1, TOKEN_MAX)),
    user_agent: c.req.header('user-agent') ?? '',
  })
  c.header('Access-Control-Allow-Origin', '*')
  if (!opened.admitted) return refuse(c, kind, opened.reason)
  const { connection } = opened
  const body = file.body(host, connection)
  connection.session.up_bytes_served += Buffer.byteLength(body)
  await closeConnection(host, connection)
  return c.body(body, 200, { 'Content-Type': file.type })
}

function nameIn(c: Context<Env>): string {
  const file = c.req.param('file')
  if (file === undefined) return c.req.param('name') ?? ''
  return file.replace(/^json_(.+)\.js$|^(.+)\.(?:ts|html)$/, '$1$2')
}

/** The answers of a real server: a denied master playlist is a 200 that says so, the information page as well. */
function refuse(c: Context<Env>, kind: string, reason: Refusal): Response {
  if (kind === 'info') {
    const error = reason === 'offline' ? 'Stream is offline' : 'Playback rejected by PLAY_REWRITE trigger'
    return c.json({ error })
  }
  if (reason === 'session_denied' && kind.endsWith('_master')) {
    return c.body('#EXTM3U\n#EXT-X-ERROR: Playback denied\n#EXT-X-ENDLIST\n', 200, { 'Content-Type': PLAYLIST })
  }
  return c.text('Stream not found or not available\n', 404)
}

function mediaPlaylist(host: Host, { stream, session }: Connection): string {
  const age_s = ageOf(host, stream) / MS_PER_S
  const first = Math.max(0, Math.floor(age_s / SEGMENT_S) - SEGMENTS_LISTED)
  const listed = Array.from({ length: SEGMENTS_LISTED }, (_, i) => {
    const from_ms = (first + i) * SEGMENT_S * MS_PER_S
    return `#EXTINF:${SEGMENT_S}.000,\n${from_ms}_${from_ms + SEGMENT_S * MS_PER_S}.ts?tkn=${session.token}`
  })
  const head = ['#EXTM3U', '#EXT-X-VERSION:3', `#EXT-X-TARGETDURATION:${SEGMENT_S}`, `#EXT-X-MEDIA-SEQUENCE:${first}`]
  return `${[...head, ...listed].join('\n')}\n`
}

function nullSegment(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: NULL_PACKET.length * PACKETS_A_SEGMENT }, (_, i) => NULL_PACKET[i % 188] ?? 0)
}

function streamInformation(host: Host, { stream, session }: Connection): string {
  const relurl = `hls/${encodeURIComponent(stream)}/index.m3u8?tkn=${session.token}`
  const type = 'html5/application/vnd.apple.mpegurl'
  const source = [
    {
      hrn: 'HLS (TS)',
      priority: 9,
      relurl,
      simul_tracks: 2,
      total_matches: 2,
      type,
      url: `${host.http_url}/${relurl}`,
    },
  ]
  const meta = { live: 1, tracks: trackListOf(ageOf(host, stream)), version: 4 }
  return JSON.stringify({ height: 360, meta, selver: 2, source, type: 'live', width: 640 })
}

function ageOf(host: Host, stream: string): number {
  return host.timeline.now() - (host.streams.get(stream)?.started_ms ?? 0)
}
