import { type Host, totalsOf, unixSeconds } from '../host.ts'

/** Memory of an imagined machine, in KiB. */
const MEMORY_KIB = 24_683_520
const MEMORY_USED_KIB = 466_944
const SHARED_MEMORY_USED_KIB = 32_768
const BANDWIDTH_BYTES_PER_S = 125_000_000
/** Load in tenths of a percent: an idle machine, and what each session adds. */
const CPU_IDLE_TENTHS = 20
const CPU_SESSION_TENTHS = 5
const CPU_TENTHS_MAX = 1_000

const outputUrls: Record<string, string> = {
  CMAF: '/cmaf/$/',
  HLS: '/hls/$/index.m3u8',
  HTTP: '/$.html',
  HTTPTS: '/$.ts',
  MP4: '/$.mp4',
}

function cpuTenths({ sessions }: Host): number {
  return Math.min(CPU_TENTHS_MAX, CPU_IDLE_TENTHS + sessions.size * CPU_SESSION_TENTHS)
}

/** Sessions and bytes of the whole server, and per stream. */
function sumUp(host: Host) {
  const streams = [...host.streams.values()].map((stream) => ({ stream, totals: totalsOf(host, stream) }))
  const sum = (read: (totals: (typeof streams)[number]['totals']) => number) =>
    streams.reduce((total, { totals }) => total + read(totals), 0)
  return {
    streams,
    up: sum(({ up_bytes }) => up_bytes),
    down: sum(({ down_bytes }) => down_bytes),
    seconds: sum(({ seconds }) => seconds),
    viewers: sum(({ viewers }) => viewers),
    inputs: sum(({ inputs }) => inputs),
  }
}

/** `/<passphrase>.json`. */
export function nodeStatistics(host: Host): Record<string, unknown> {
  const { streams, up, down, viewers, inputs } = sumUp(host)
  const connectors = countConnectors(host)
  const port = new URL(host.http_url).port
  return {
    bw: [up, down],
    bwlimit: host.settings.bandwidth.limit ?? BANDWIDTH_BYTES_PER_S,
    conf_streams: Object.keys(host.settings.streams),
    cpu: cpuTenths(host),
    curr: [viewers, inputs, 0, 0, host.sessions.size - viewers - inputs],
    loc: host.settings.config.location,
    logs: 0,
    mem_total: MEMORY_KIB,
    mem_used: MEMORY_USED_KIB,
    obw: [0, 0],
    output_counts: Object.fromEntries(connectors),
    outputs: {
      ...Object.fromEntries(Object.entries(outputUrls).map(([name, path]) => [name, `http://HOST:${port}${path}`])),
      WebRTC: `ws://HOST:${port}/webrtc/$`,
    },
    pkts: [0, 0, 0],
    shm_total: MEMORY_KIB,
    shm_used: SHARED_MEMORY_USED_KIB,
    st: [up, down],
    streams: Object.fromEntries(
      streams.map(({ stream, totals }) => [
        stream.name,
        {
          bw: [totals.up_bytes, totals.down_bytes],
          curr: [totals.viewers, totals.inputs, 0, 0],
          pkts: [0, 0, 0],
          tot: [stream.views, stream.inputs, 0],
        },
      ]),
    ),
    tot: [host.begun.viewers, host.begun.inputs, 0, 0],
    triggers: Object.fromEntries(host.counts),
  }
}

/** `/<passphrase>` as Prometheus text, in the server's own spelling: no space after a label set. */
export function prometheusText(host: Host): string {
  const { streams, up, down, seconds, viewers, inputs } = sumUp(host)
  const lines = [
    ...metric('mist_cpu', 'gauge', 'Total CPU usage in tenths of percent.', cpuTenths(host)),
    ...metric('mist_mem_total', 'gauge', 'Total memory available in KiB.', MEMORY_KIB),
    ...metric('mist_mem_used', 'gauge', 'Total memory in use in KiB.', MEMORY_USED_KIB),
    ...metric('mist_shm_total', 'gauge', 'Total shared memory available in KiB.', MEMORY_KIB),
    ...metric('mist_shm_used', 'gauge', 'Total shared memory in use in KiB.', SHARED_MEMORY_USED_KIB),
    ...metric('mist_viewseconds_total', 'counter', 'Number of seconds any media was received by a viewer.', seconds),
    `mist_sessions_count{sessType="viewers"}${host.begun.viewers}`,
    `mist_sessions_count{sessType="incoming"}${host.begun.inputs}`,
    `mist_bw_total{direction="up"}${up}`,
    `mist_bw_total{direction="down"}${down}`,
    `mist_sessions_total{sessType="viewers"}${viewers}`,
    `mist_sessions_total{sessType="incoming"}${inputs}`,
  ]
  for (const { stream, totals } of streams) {
    const label = `stream="${stream.name}"`
    lines.push(
      `mist_sessions{${label},sessType="viewers"}${totals.viewers}`,
      `mist_viewcount{${label}}${stream.views}`,
      `mist_viewseconds{${label}} ${totals.seconds}`,
      `mist_bw{${label},direction="up"}${totals.up_bytes}`,
      `mist_bw{${label},direction="down"}${totals.down_bytes}`,
    )
  }
  for (const [trigger, { count, ms, fails }] of host.counts) {
    const label = `trigger="${trigger}"`
    lines.push(
      `mist_trigger_count{${label}}${count}`,
      `mist_trigger_time{${label}}${ms}`,
      `mist_trigger_fails{${label}}${fails}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** `totals`: the last second of the server; a history is not kept. */
export function currentTotals(host: Host): unknown {
  const { viewers, inputs } = sumUp(host)
  const rate = (read: 'up_bytes_per_s' | 'down_bytes_per_s') =>
    [...host.sessions.values()].reduce((sum, each) => sum + (each.streaming_since_ms === undefined ? 0 : each[read]), 0)
  const now = unixSeconds(host)
  return {
    data: [[viewers, inputs, 0, rate('down_bytes_per_s'), rate('up_bytes_per_s'), 0, 0]],
    end: now,
    fields: ['clients', 'inputs', 'outputs', 'downbps', 'upbps', 'perc_lost', 'perc_retrans'],
    interval: [[1, 1]],
    start: now,
  }
}

/** `load`, in percent. */
export function currentLoad(host: Host): unknown {
  const percent = (part: number, whole: number) => Math.round((part * 1000) / whole) / 10
  return {
    cpu: cpuTenths(host) / 10,
    mem: percent(MEMORY_USED_KIB, MEMORY_KIB),
    shm: percent(SHARED_MEMORY_USED_KIB, MEMORY_KIB),
  }
}

function countConnectors({ sessions }: Host): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { kind, connections, connectors } of sessions.values()) {
    if (kind !== 'viewer' || connections === 0) continue
    for (const name of connectors.keys()) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return counts
}

function metric(name: string, type: string, help: string, value: number): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, `${name} ${value}`, '']
}
