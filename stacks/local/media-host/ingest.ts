import type { Protocol } from './host.ts'

/** What a publisher's connection looks like to the triggers. */
export interface Ingest {
  protocol: Protocol
  connector: string
  host: string
  /** The name taken from the URL before any rewrite: the stream key. */
  name: string
  /** As PUSH_REWRITE shows it; the others show `request_url`, which SRT does not have. */
  push_url: string
  request_url: string
}

interface Publisher {
  stream_key: string
  protocol: Protocol
  publisher_host: string
}

/** How a publisher of each protocol announces its key. */
export function ingestOf({ stream_key, protocol, publisher_host }: Publisher, http_url: string): Ingest {
  const encoded = encodeURIComponent(stream_key).replaceAll('%2B', '%2b')
  const rtmp = `rtmp://127.0.0.1:1935/live/${stream_key}`
  const whip = `${http_url}/webrtc/${encoded}`
  if (protocol === 'rtmp') {
    const name = stream_key.replace(/\?.*$/, '')
    return { protocol, connector: 'RTMP', host: publisher_host, name, push_url: rtmp, request_url: rtmp }
  }
  if (protocol === 'whip') {
    const name = stream_key
    return { protocol, connector: 'WebRTC', host: publisher_host, name, push_url: whip, request_url: whip }
  }
  const push_url = `srt://127.0.0.1/?streamid=${encodeURIComponent(stream_key)}`
  const host = `::ffff:${publisher_host}`
  return { protocol, connector: 'TSSRT', host, name: stream_key, push_url, request_url: '' }
}

export function connectionLines({ host, connector, request_url }: Ingest, stream: string): string[] {
  return [stream, host, connector, request_url]
}
