import type { StoredEvent } from '../../../../shared/events/envelope.ts'
import type { Chance, Where } from './chance.ts'

const POLL_MS = 60_000
const SESSION_MEAN_MS = 15 * 60_000
const CONNECTORS = ['HLS', 'HLS', 'HLS', 'WebRTC', 'CMAF'] as const
const PLACES = [
  { country_code: 'NL', city: 'Delft', latitude: 52, longitude: 4.36, h3_cell: '85196bb3fffffff' },
  { country_code: 'NL', city: null, latitude: null, longitude: null, h3_cell: null },
  { country_code: 'US', city: 'Denver', latitude: 39.7, longitude: -105, h3_cell: '8526ac63fffffff' },
  { country_code: 'IN', city: 'Pune', latitude: 18.5, longitude: 73.9, h3_cell: '85608b17fffffff' },
  { country_code: 'BR', city: 'Recife', latitude: -8, longitude: -34.9, h3_cell: '8580146bfffffff' },
  null,
] as const

interface Viewer {
  session_id: string
  connector: string
  place: (typeof PLACES)[number]
  came: number
  left: number
  egress_bytes: number
  packets_sent: number
  packets_lost: number
}

/** Who watches one stream on one host: choices of the host, arrivals, polls, ends. */
export function* audienceOf(
  where: Where,
  { began, ended }: { began: number; ended: number },
  viewers: number,
  chance: Chance,
): Generator<StoredEvent> {
  const here: Viewer[] = []
  let poll = began + 15_000
  for (let at = began + 1_000; at < ended; at += chance.around(SESSION_MEAN_MS / viewers)) {
    for (; poll < at; poll += POLL_MS) yield* pollOf(where, poll, here, chance)
    yield* arrive(where, at, here, ended, chance)
  }
  for (; poll < ended; poll += POLL_MS) yield* pollOf(where, poll, here, chance)
  for (const viewer of here) yield endOf(where, viewer, chance)
}

function* arrive(where: Where, at: number, here: Viewer[], ended: number, chance: Chance): Generator<StoredEvent> {
  const [place, connector] = [chance.pick(PLACES), chance.pick(CONNECTORS)]
  const denied = chance.happens(0.03)
  yield chance.event(where, 'load-balancing', at - 200, {
    ...{ purpose: 'play', outcome: denied ? 'denied' : 'chosen', reason_code: denied ? 'token_required' : null },
    ...{ playback_id: 'p', protocol: connector, place },
    ...{ chosen_node_id: denied ? null : where.node_id, chosen_cluster_id: denied ? null : where.cluster_id },
    ...{ distance_km: place === null || denied ? null : chance.below(8_000), score: denied ? null : 0.9 },
    ...{ score_parts: denied ? {} : { cpu: 0.4, stream: 0.5 } },
    ...{ candidates: [{ node_id: where.node_id, score: 0.9, rejected: null }], candidates_total: 1 },
    decision_us: 40 + chance.below(200),
  })
  const asked = {
    playback_id: 'p',
    protocol: connector,
    viewer_host: '198.51.100.9',
    place,
    request_url: 'https://m/p',
  }
  const refusal = denied ? 'token_required' : null
  yield chance.event(where, 'stream-view', at - 100, {
    ...asked,
    ...{ outcome: denied ? 'denied' : 'allowed', reason_code: refusal },
  })
  if (denied) return
  // Some come again under the session that they had.
  const again = chance.happens(0.05) ? here.find(({ left }) => left < at - 20_000) : undefined
  const session_id = again?.session_id ?? chance.uuid()
  const left = Math.min(ended + 500, at + 1_000 + chance.around(SESSION_MEAN_MS))
  here.push({ session_id, connector, place, came: at, left, egress_bytes: 0, packets_sent: 0, packets_lost: 0 })
  yield chance.event(where, 'user-connection', at, {
    ...{ action: 'connect', session_id, host: '198.51.100.9', place, connector, request_url: 'https://m/p' },
  })
}

/** The poll at a moment, and before it the ends of those who have left. */
function* pollOf(where: Where, at: number, here: Viewer[], chance: Chance): Generator<StoredEvent> {
  for (const viewer of here.filter(({ left }) => left < at)) {
    yield endOf(where, viewer, chance)
    here.splice(here.indexOf(viewer), 1)
  }
  if (here.length === 0) return
  const samples = here.map((viewer) => {
    const bytes = chance.below(20_000_000)
    viewer.egress_bytes += bytes
    viewer.packets_sent += Math.floor(bytes / 1_200)
    viewer.packets_lost += chance.below(20)
    return {
      ...{ session_id: viewer.session_id, role: 'viewer', connector: viewer.connector },
      ...{ connected_seconds: Math.floor((at - viewer.came) / 1000), position_seconds: (at - viewer.came) / 1000 },
      ...{ egress_bytes: viewer.egress_bytes, ingress_bytes: 0, egress_bytes_delta: bytes, ingress_bytes_delta: 0 },
      ...{ egress_bytes_per_second: bytes / 60, ingress_bytes_per_second: 0 },
      ...{ packets_sent: viewer.packets_sent, packets_lost: viewer.packets_lost, packets_retransmitted: 0 },
    }
  })
  yield chance.event(where, 'client-lifecycle', at, { samples })
}

function endOf(where: Where, viewer: Viewer, chance: Chance): StoredEvent {
  const { session_id, connector, place, came, left, egress_bytes } = viewer
  const seconds = Math.floor((left - came) / 1000)
  return chance.event(where, 'user-connection', left, {
    ...{ action: 'disconnect', session_id, host: '198.51.100.9', place, connector, seconds },
    ...{ egress_bytes: egress_bytes + chance.below(1_000_000), ingress_bytes: 0 },
    ...{ hosts: [{ host: '198.51.100.9', seconds }], connectors: [{ name: connector, seconds }] },
    ...{ streams: [{ name: `live+${where.stream_id}`, seconds }], tags: [], provenance: 'reported' },
  })
}
