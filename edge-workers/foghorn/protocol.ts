import { type IngestProtocol, ingestProtocols, Protocol, protocols } from '../../shared/contract/foghorn.ts'

/** The usual other names of what we can play. */
const aliases = new Map<string, Protocol>(
  Object.entries({
    m3u8: 'hls',
    mpd: 'dash',
    llhls: 'cmaf',
    'll-hls': 'cmaf',
    hss: 'smooth',
    smoothstreaming: 'smooth',
    webrtc: 'whep',
    progressive: 'mp4',
    mkv: 'webm',
    matroska: 'webm',
    mpegts: 'ts',
    'mpeg-ts': 'ts',
    flash: 'flv',
    raw: 'h264',
    audio: 'aac',
    oga: 'ogg',
    embed: 'html',
  }),
)

/** MistServer's SRT template names no port, and SRT has no usual one: this is the connector's own. */
const SRT_PORT = 8889

/** Where a name of an output of MistServer is no name of the protocol, or means another one. */
const outputs = new Map<string, Protocol>(
  Object.entries({ WebRTC: 'wswebrtc', EBML: 'webm', HTTPTS: 'ts', TSSRT: 'srt', HTTP: 'html' }),
)

interface Source {
  /** MistServer's name of the output whose template we take. */
  connector: string
  /** Another output that the host must have for it. */
  beside?: string
  /** From its template to this protocol's URL, where the two differ. */
  from?: (template: string) => string
}

/** MistServer takes WebRTC's offers on its HTTP port too, where browsers reach it, and says so itself. */
const webrtcOverHttp: readonly Source[] = [
  { connector: 'HTTP', beside: 'WebRTC', from: (template) => template.replace(/\$\.html$/, 'webrtc/$') },
  { connector: 'WebRTC', from: (template) => template.replace(/^ws/, 'http') },
]

/** Where each protocol's URL comes from; the first output that a host has counts. */
const sources: Record<Protocol, readonly Source[]> = {
  hls: [{ connector: 'HLS' }],
  cmaf: [{ connector: 'CMAF', from: (template) => withFile(template, 'index.m3u8') }],
  dash: [{ connector: 'DASH' }, { connector: 'CMAF', from: (template) => withFile(template, 'index.mpd') }],
  smooth: [{ connector: 'CMAF', from: (template) => withFile(template, 'Manifest') }],
  whep: [{ connector: 'WHEP' }, ...webrtcOverHttp],
  wswebrtc: [{ connector: 'WebRTC', from: toSocket }],
  // MistServer serves MP4 beside its HTML pages but lists no template for it.
  mp4: [{ connector: 'MP4' }, { connector: 'HTTP', from: toMp4 }],
  wsmp4: [
    { connector: 'MP4', from: toSocket },
    { connector: 'HTTP', from: (template) => toSocket(toMp4(template)) },
  ],
  webm: [{ connector: 'EBML' }],
  ts: [{ connector: 'HTTPTS' }],
  flv: [{ connector: 'FLV' }],
  h264: [{ connector: 'H264' }],
  wsraw: [{ connector: 'WSRaw', from: toSocket }],
  aac: [{ connector: 'AAC' }],
  mp3: [{ connector: 'MP3' }],
  ogg: [{ connector: 'OGG' }],
  wav: [{ connector: 'WAV' }],
  sdp: [{ connector: 'SDP' }],
  srt: [{ connector: 'TSSRT', from: (template) => withPort(template, SRT_PORT) }],
  rtmp: [{ connector: 'RTMP' }],
  rtsp: [{ connector: 'RTSP' }],
  html: [{ connector: 'HTTP' }],
}

/** The same for publishers: the outputs that also take streams in. */
const ingestSources: Record<IngestProtocol, readonly Source[]> = {
  rtmp: [{ connector: 'RTMP', from: (template) => template.replace('/play/', '/live/') }],
  srt: sources.srt,
  whip: webrtcOverHttp,
}

const DTSC_PORT = 4200

/** Each protocol's URL template (literal HOST and `$`) of a host, from MistServer's own templates. */
export type Templates = Partial<Record<Protocol, string>>
/** The same, where `$` is a stream key. */
export type IngestTemplates = Partial<Record<IngestProtocol, string>>

export function toProtocol(name: string): Protocol | undefined {
  const lower = name.toLowerCase()
  return Protocol.safeParse(lower).data ?? aliases.get(lower)
}

/** The protocol of an output of MistServer, by its own name or a usual one of the protocol. */
export function toOutputProtocol(output: string): Protocol | undefined {
  return outputs.get(output) ?? toProtocol(output)
}

export function templatesOf(outputs: Readonly<Record<string, string>>): Templates {
  return pick(protocols, sources, outputs)
}

export function ingestTemplatesOf(outputs: Readonly<Record<string, string>>): IngestTemplates {
  return pick(ingestProtocols, ingestSources, outputs)
}

function pick<T extends string>(
  names: readonly T[],
  from: Record<T, readonly Source[]>,
  outputs: Readonly<Record<string, string>>,
): Partial<Record<T, string>> {
  const templates: Partial<Record<T, string>> = {}
  for (const name of names) {
    const source = from[name].find(
      ({ connector, beside = connector }) => isAddress(outputs[connector]) && isAddress(outputs[beside]),
    )
    const template = source && outputs[source.connector]
    if (template) templates[name] = source.from?.(template) ?? template
  }
  return templates
}

/** Where other hosts pull streams from (`dtsc://host:port`); null for a host that sends none. */
export function dtscOf(outputs: Readonly<Record<string, string>>, host: string): string | null {
  const match = outputs.DTSC?.match(/^dtsc:\/\/HOST(?::(\d{1,5}))?\//)
  return match ? `dtsc://${host}:${match[1] ?? DTSC_PORT}` : null
}

/** Fills a template in; `search` (`?a=b` or empty) is what the viewer sent along, such as a playback token. */
export function toUrl(template: string, host: string, playbackId: string, search: string): string {
  const url = template.replaceAll('$', () => encodeURIComponent(playbackId)).replace('HOST', () => host)
  if (search.length < 2) return url
  return url + (url.includes('?') ? `&${search.slice(1)}` : search)
}

/** All templates of a host filled in. */
export function toUrls<T extends string>(
  templates: Partial<Record<T, string>>,
  host: string,
  name: string,
  search: string,
): Partial<Record<T, string>> {
  const filled = Object.entries<string | undefined>(templates).flatMap(([protocol, template]) =>
    template === undefined ? [] : [[protocol, toUrl(template, host, name, search)]],
  )
  return Object.fromEntries(filled)
}

function withFile(template: string, file: string): string {
  return template.endsWith('/') ? `${template}${file}` : template
}

function toMp4(template: string): string {
  return template.replace(/\.html$/, '.mp4')
}

function toSocket(template: string): string {
  return template.replace(/^http/, 'ws')
}

/** The template with a port, where it names none after the host. */
function withPort(template: string, port: number): string {
  return template.replace(/^(\w+:\/\/(?:\[[^\]]*\]|[^:/?[]+))(?=[/?]|$)/, `$1:${port}`)
}

/** Only what plays a named stream over a protocol that we know leads anybody anywhere. */
function isAddress(template: string | undefined): boolean {
  return template?.includes('$') === true && /^(https?|wss?|srt|rtmps?|rtsps?):\/\//.test(template)
}
