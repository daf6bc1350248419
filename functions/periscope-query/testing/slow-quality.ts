import type { TimeRange } from '../../../shared/contract/time-range.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { POLLS_APART_SECONDS_MAX } from '../quality/viewer-rows.ts'
import { slowSpans } from './slow-spans.ts'

/** One thing that happened, or a state that lasted, with what it adds. */
export interface Piece {
  stream_id: string
  node_id: string
  cluster_id: string
  protocol: string
  began: number
  ended: number
  adds: Record<string, number>
}

const whereOf = ({ stream_id, node_id, cluster_id }: StoredEvent) => ({
  ...{ stream_id: stream_id ?? '', node_id: node_id ?? '', cluster_id: cluster_id ?? '', protocol: '' },
})
const inOrder = (list: readonly StoredEvent[]) => list.toSorted((a, b) => (a.occurred_at < b.occurred_at ? -1 : 1))
const at = ({ occurred_at }: StoredEvent) => Date.parse(occurred_at)
const byHost = (list: readonly StoredEvent[]) =>
  Map.groupBy(inOrder(list), ({ stream_id, node_id }) => `${stream_id} ${node_id}`).values()

/** Everything that quality is made of within a range, event by event. */
export function slowPieces(events: readonly StoredEvent[], range: TimeRange, now: Date): Piece[] {
  const isIn = (moment: number) => moment >= Date.parse(range.from) && moment < Date.parse(range.to)
  return [
    ...viewerPieces(events, Date.parse(range.from), isIn),
    ...bufferPieces(events, range, now),
    ...ingressPieces(events, isIn),
    ...startupPieces(events, isIn),
  ]
}

type IsIn = (moment: number) => boolean

function viewerPieces(events: readonly StoredEvent[], start: number, isIn: IsIn): Piece[] {
  const polls = inOrder(events.filter(({ event_type }) => event_type === 'client-lifecycle')).flatMap((event) => {
    const { samples } = event.data as StoredEvent<'client-lifecycle'>['data']
    return samples.filter(({ role }) => role === 'viewer').map((sample) => ({ event, sample }))
  })
  const names = ['egress_bytes', 'packets_sent', 'packets_lost', 'packets_retransmitted', 'connected_seconds'] as const
  return [
    ...Map.groupBy(polls, ({ event, sample }) => `${event.stream_id} ${event.node_id} ${sample.session_id}`).values(),
  ].flatMap((own) =>
    own.flatMap(({ event, sample }, index) => {
      // A poll before the look-back of the range is as good as none.
      const last = own[index - 1]
      const seen = last !== undefined && at(last.event) >= start - POLLS_APART_SECONDS_MAX * 1000
      const goesOn = seen && names.every((name) => sample[name] >= last.sample[name])
      const since = (name: (typeof names)[number]) => sample[name] - (goesOn ? last.sample[name] : 0)
      if (!isIn(at(event)) || since('connected_seconds') > POLLS_APART_SECONDS_MAX) return []
      const adds = {
        ...{ egress_bytes: since('egress_bytes'), viewer_ms: since('connected_seconds') * 1000 },
        ...{ sent: since('packets_sent'), lost: since('packets_lost'), again: since('packets_retransmitted') },
      }
      return [{ ...whereOf(event), protocol: sample.connector, began: at(event), ended: at(event), adds }]
    }),
  )
}

function bufferPieces(events: readonly StoredEvent[], range: TimeRange, now: Date): Piece[] {
  const spans = slowSpans(events, range, now, (event) => {
    if (event.event_type !== 'stream-buffer') return undefined
    const data = event.data as StoredEvent<'stream-buffer'>['data']
    return data.state === 'EMPTY' ? null : data
  })
  return spans.flatMap(({ state, since, began, ended, ...where }) => {
    const fps = Math.max(0, ...state.tracks.map((track) => track.fps ?? 0))
    const lasting: Piece = {
      ...{ ...where, protocol: '', began, ended },
      adds: { [state.state]: 1, frames: fps, known: fps > 0 ? 1 : 0 },
    }
    const dry = state.state === 'DRY' && since >= Date.parse(range.from)
    return [lasting, ...(dry ? [{ ...lasting, ended: began, adds: { rebuffers: 1 } }] : [])]
  })
}

function ingressPieces(events: readonly StoredEvent[], isIn: IsIn): Piece[] {
  const polls = events.filter(({ event_type, data }) => {
    if (event_type !== 'stream-lifecycle') return false
    const { cause, ingress_bytes, replicated } = data as StoredEvent<'stream-lifecycle'>['data']
    return cause === 'poll' && ingress_bytes !== null && replicated !== true
  })
  const bytesOf = (event: StoredEvent) => (event.data as StoredEvent<'stream-lifecycle'>['data']).ingress_bytes ?? 0
  return [...byHost(polls)].flatMap((own) =>
    own.flatMap((event, index) => {
      const last = own[index - 1]
      if (last === undefined || !isIn(at(event)) || bytesOf(event) < bytesOf(last)) return []
      const apart = at(event) - at(last)
      if (apart > POLLS_APART_SECONDS_MAX * 1000) return []
      const adds = { ingress_bytes: bytesOf(event) - bytesOf(last), ingress_ms: apart }
      return [{ ...whereOf(event), began: at(event), ended: at(event), adds }]
    }),
  )
}

function startupPieces(events: readonly StoredEvent[], isIn: IsIn): Piece[] {
  const told = events.filter(({ event_type, data }) => {
    return event_type === 'stream-buffer' || ('cause' in data && data.cause === 'ready')
  })
  return [...byHost(told)].flatMap((own) =>
    own.flatMap((event, index) => {
      const last = own[index - 1]
      if (last?.event_type !== 'stream-lifecycle' || !isIn(at(event))) return []
      if (event.event_type !== 'stream-buffer' || (event.data as { state: string }).state !== 'FULL') return []
      const adds = { startups: 1, startup_ms: at(event) - at(last) }
      return [{ ...whereOf(event), began: at(event), ended: at(event), adds }]
    }),
  )
}

/** What pieces come to within a time (Unix ms). */
export function slowQuality(pieces: readonly Piece[], from: number, to: number) {
  const sums: Record<string, number> = {}
  for (const { began, ended, adds } of pieces) {
    const lasts = Math.min(ended, to) - Math.max(began, from)
    if (began === ended ? began < from || began >= to : lasts <= 0) continue
    for (const [name, value] of Object.entries(adds)) {
      sums[name] = (sums[name] ?? 0) + (began === ended ? value : value * lasts)
    }
  }
  const of = (name: string) => sums[name] ?? 0
  const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole)
  const seconds = (name: string) => Math.round(of(name) / 1000)
  return {
    egress_bytes: of('egress_bytes'),
    viewer_bitrate_bps: ratio(of('egress_bytes') * 8000, of('viewer_ms')),
    packet_loss: ratio(of('lost'), of('sent')),
    packet_retransmission: ratio(of('again'), of('sent')),
    ...{ buffer_full_seconds: seconds('FULL'), buffer_dry_seconds: seconds('DRY') },
    buffer_recover_seconds: seconds('RECOVER'),
    rebuffers: of('rebuffers'),
    rebuffer_ratio: ratio(of('DRY'), of('FULL') + of('DRY') + of('RECOVER')),
    fps: ratio(of('frames'), of('known')),
    ingress_bitrate_bps: ratio(of('ingress_bytes') * 8000, of('ingress_ms')),
    startups: of('startups'),
    startup_ms: ratio(of('startup_ms'), of('startups')),
  }
}
