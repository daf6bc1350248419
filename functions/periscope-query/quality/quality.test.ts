import { expect, test } from 'vitest'
import { Quality, qualityDimensions } from '../../../shared/contract/quality.ts'
import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { toBuckets } from '../series/buckets.ts'
import { MADE_UP, madeUpStreams } from '../testing/made-up-streams.ts'
import { useRecorded } from '../testing/recorded.ts'
import { slowSpans } from '../testing/slow-spans.ts'
import { POLLS_APART_SECONDS_MAX } from './viewer-rows.ts'

const SEED = 5
let events: StoredEvent[] = []
const recorded = useRecorded((session) => {
  const madeUp = madeUpStreams(session, SEED)
  // Recorded streams that never ended go on.
  events = [...session.events.filter(({ tenant_id }) => tenant_id !== null), ...madeUp]
  return madeUp
})
const NOW = '2026-11-24T03:50:00.000Z'
const within = `from=${MADE_UP.from}&to=${MADE_UP.to}`
const [start, end] = [Date.parse(MADE_UP.from), Date.parse(MADE_UP.to)]

/** One thing that happened, or a state that lasted, with what it adds. */
interface Piece {
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
const isIn = (moment: number) => moment >= start && moment < end
const byHost = (list: readonly StoredEvent[]) =>
  Map.groupBy(inOrder(list), ({ stream_id, node_id }) => `${stream_id} ${node_id}`).values()

function viewerPieces(): Piece[] {
  const polls = inOrder(events.filter(({ event_type }) => event_type === 'client-lifecycle')).flatMap((event) => {
    const [sample] = (event.data as StoredEvent<'client-lifecycle'>['data']).samples
    return sample?.role === 'viewer' ? [{ event, sample }] : []
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

function bufferPieces(): Piece[] {
  const spans = slowSpans(events, MADE_UP, new Date(NOW), (event) => {
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
    const dry = state.state === 'DRY' && since >= start
    return [lasting, ...(dry ? [{ ...lasting, ended: began, adds: { rebuffers: 1 } }] : [])]
  })
}

function ingressPieces(): Piece[] {
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

function startupPieces(): Piece[] {
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

function figuresOf(pieces: readonly Piece[], from: number, to: number) {
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

/** Equal, but for the last digits of sums of fractions. */
function expectClose(found: object, slow: object) {
  expect(Object.keys(found)).toEqual(Object.keys(slow))
  for (const [name, value] of Object.entries(slow)) {
    const told = found[name as keyof object] as number | null
    if (value === null || Number.isInteger(value)) expect(told, name).toBe(value)
    else expect(Math.abs((told ?? Number.NaN) / value - 1), name).toBeLessThan(1e-9)
  }
}

test.each(qualityDimensions)('quality by %s is what was polled and told, event by event', async (by) => {
  recorded.periscope.at(NOW)
  const pieces = [...viewerPieces(), ...bufferPieces(), ...ingressPieces(), ...startupPieces()]
  const answer = await recorded.ask(Quality, `/analytics/quality?${within}&bucket=15m&by=${by}`)
  const total = figuresOf(pieces, start, end)
  expect(Object.values(total), `seed ${SEED}`).not.toContain(null)
  expect(Object.values(total)).not.toContain(0)
  expectClose(answer.total, total)
  const starts = toBuckets({ ...MADE_UP, time_zone: 'UTC' }, '15m')
  answer.points.forEach(({ at: _, ...figures }, index) => {
    expectClose(figures, figuresOf(pieces, starts[index] ?? 0, starts[index + 1] ?? end))
  })
  const byValue = Map.groupBy(pieces, (piece) => piece[by])
  expect(answer.groups).toHaveLength(byValue.size)
  for (const { value, points: _, ...figures } of answer.groups) {
    expectClose(figures, figuresOf(byValue.get(value ?? '') ?? [], start, end))
  }
})

test('quality of one stream or host is that alone', async () => {
  recorded.periscope.at(NOW)
  for (const by of ['stream_id', 'node_id'] as const) {
    const { groups } = await recorded.ask(Quality, `/analytics/quality?${within}&by=${by}`)
    for (const { value, points: _, ...figures } of groups) {
      const { total } = await recorded.ask(Quality, `/analytics/quality?${within}&${by}=${value}`)
      expectClose(total, figures)
    }
  }
})
