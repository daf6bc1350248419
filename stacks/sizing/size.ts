import { CLIENT_SAMPLES_INTERVAL_MS } from '../../node-sidecar/mist/polls/clients.ts'
import { NODE_POLL_INTERVAL_MS } from '../../node-sidecar/mist/polls/node.ts'
import { STREAMS_POLL_INTERVAL_MS } from '../../node-sidecar/mist/polls/streams.ts'
import { measured } from './measured.ts'

/** What is assumed of viewers and hosts; docs/scale.md says why. */
export const assumed = {
  /** Of one viewer. */
  bits_per_second: 3_000_000,
  /** Of one media host, of 10 Gbit/s what may be used for long. */
  host_bits_per_second: 8_000_000_000,
  session_seconds: 900,
  /** A choice of a host, a view, an arrival, an end. */
  events_per_session: 4,
  /** MistServer asks Helmsman when one is wanted and when it begins, and tells it when it ends. */
  triggers_per_session: 3,
  viewers_per_stream: 50,
  /** Hosts that a stream is on, on average. */
  hosts_per_stream: 1.2,
  /** So much of what was measured is planned with. */
  utilisation: 0.5,
  /** At the peak of a day more viewers come at once than on average. */
  peak: 3,
  month_seconds: 30 * 86_400,
} as const

/** What so many viewers at the same time are to each part, and how much of it they need. */
export interface Size {
  viewers: number
  streams: number
  hosts: number
  egress_gbps: number
  triggers_per_host: number
  redirects: number
  events: number
  decklogs: number
  ingests: number
  stored_gb_a_month: number
}

/** Works out one size; throws a `RangeError` for less than one viewer. */
export function sizeOf(viewers: number): Size {
  if (!Number.isInteger(viewers) || viewers < 1) throw new RangeError('viewers are a whole number of at least 1')
  const hosts = Math.ceil((viewers * assumed.bits_per_second) / assumed.host_bits_per_second)
  const streams = Math.ceil(viewers / assumed.viewers_per_stream)
  const copies = Math.max(hosts, streams * assumed.hosts_per_stream)
  const arrivals = viewers / assumed.session_seconds
  const polls =
    copies * (1000 / STREAMS_POLL_INTERVAL_MS + 1000 / CLIENT_SAMPLES_INTERVAL_MS) +
    hosts * (1000 / NODE_POLL_INTERVAL_MS)
  const events = arrivals * assumed.events_per_session + polls
  const samples = viewers * (1000 / CLIENT_SAMPLES_INTERVAL_MS)
  const stored = events * measured.bytes_per_event.value + samples * measured.bytes_per_sample.value
  const needed = (load: number, each: number) => Math.ceil(load / (each * assumed.utilisation))
  return {
    ...{ viewers, streams, hosts, events },
    egress_gbps: (viewers * assumed.bits_per_second) / 1e9,
    triggers_per_host: (arrivals * assumed.peak * assumed.triggers_per_session) / hosts,
    redirects: arrivals * assumed.peak,
    decklogs: needed(events * assumed.peak, measured.published.value),
    ingests: needed(events * assumed.peak, measured.stored.value),
    stored_gb_a_month: (stored * assumed.month_seconds) / 1e9,
  }
}

const rows: [name: string, of: (size: Size) => number][] = [
  ['streams', ({ streams }) => streams],
  ['media hosts', ({ hosts }) => hosts],
  ['egress, Gbit/s', ({ egress_gbps }) => egress_gbps],
  ['triggers a second, each host, at the peak', (size) => size.triggers_per_host],
  ['redirects a second, at the peak', ({ redirects }) => redirects],
  ['events a second', ({ events }) => events],
  ['Decklog, processes of two cores', ({ decklogs }) => decklogs],
  ['Periscope Ingest, processes of two cores', ({ ingests }) => ingests],
  ['ClickHouse, GB a month', (size) => size.stored_gb_a_month],
]

/** The sizes side by side, as Markdown. */
export function toTable(sizes: readonly Size[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const head = ['at the same time', ...sizes.map(({ viewers }) => `${format(viewers)} viewers`)]
  const body = rows.map(([name, of]) => line([name, ...sizes.map((size) => format(of(size)))]))
  return [line(head), `|${'---|'.repeat(head.length)}`, ...body].join('\n')
}

function format(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}
