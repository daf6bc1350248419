/** The parts of MistServer's stored configuration that the API reads and changes. */
export interface ServerConfig {
  config: Record<string, unknown> & { triggers?: unknown; prometheus: string; serverid: string; iid: string }
  streams: Record<string, Record<string, unknown>>
  bandwidth: Record<string, unknown>
  /** User name to md5 of the password. */
  accounts: Record<string, string>
}

const CONNECTORS = ['CMAF', 'DTSC', 'EBML', 'FLV', 'HLS', 'HTTP', 'HTTPTS', 'MP4', 'RTMP', 'TSSRT', 'WebRTC']

/** A fresh server as its operator would set it up: one `live` stream that publishers push to, no triggers. */
export function freshConfig({ http_port, api_port }: { http_port: number; api_port: number }): ServerConfig {
  const listening: Record<string, Record<string, unknown>> = {
    HTTP: { interface: '127.0.0.1', online: 1, port: http_port },
    RTMP: { interface: '127.0.0.1', online: 1, port: 1935 },
    TSSRT: { interface: '127.0.0.1', online: 1, port: 8889 },
  }
  return {
    config: {
      accesslog: 'LOG',
      controller: { interface: '127.0.0.1', port: api_port, username: null },
      debug: 4,
      defaultStream: '',
      iid: 'MediaHostStandIn',
      location: { lat: 52.37, lon: 4.9, name: 'Amsterdam' },
      prometheus: 'koekjes',
      protocols: CONNECTORS.map((connector) => ({ connector, online: 'Enabled', ...listening[connector] })),
      serverid: 'media-host-stand-in',
      sessionInputMode: 15,
      sessionOutputMode: 15,
      sessionStreamInfoMode: 1,
      sessionUnspecifiedMode: 0,
      sessionViewerMode: 14,
      tknMode: 15,
      trustedproxy: [],
    },
    streams: { live: { DVR: 60000, name: 'live', online: 0, source: 'push://', stop_sessions: false, tags: [] } },
    bandwidth: { exceptions: ['::1', '127.0.0.0/8', '10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12'] },
    accounts: {},
  }
}

/** A stream name as the server stores it: the part before `+` in lower case and plain, the rest as it came. */
export function sanitizeName(name: string): string {
  const [, base = '', rest = ''] = /^([^+ ]*)([\s\S]*)$/.exec(name) ?? []
  const plain = base.toLowerCase().replace(/[^a-z0-9_.-]/g, '')
  return rest === '' ? plain : `${plain}+${rest.slice(1).replace(/\?[\s\S]*$/, '')}`
}

/** Whether a stream of this name may exist: its base is configured. */
export function isConfigured({ streams }: ServerConfig, name: string): boolean {
  return Object.hasOwn(streams, name.split('+')[0] ?? '')
}
