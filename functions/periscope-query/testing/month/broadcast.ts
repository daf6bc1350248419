import type { StoredEvent } from '../../../../shared/events/envelope.ts'
import { audienceOf } from './audience.ts'
import type { Chance, Where } from './chance.ts'
import { bufferOf, tracksOf } from './tracks.ts'

const MINUTE_MS = 60_000
const POLL_MS = 60_000
const BROADCAST_MEAN_MS = 120 * MINUTE_MS
/** A slot of a day is as long, and no broadcast reaches into the next one. */
const BROADCAST_MS_MAX = 4 * 60 * MINUTE_MS
const BUFFER_MEAN_MS = 10 * MINUTE_MS
const TRACKS_MEAN_MS = 45 * MINUTE_MS
const SEGMENT_MS = 10 * MINUTE_MS
const NOTHING_KNOWN = {
  ...{ viewers: null, inputs: null, outputs: null, tracks: null, ingress_bytes: null, egress_bytes: null },
  ...{ viewer_seconds: null, packets_sent: null, packets_lost: null, packets_retransmitted: null },
  ...{ buffer_ms: null, jitter_ms: null, issues: null, reason: null, input_type: null, replicated: null },
}

interface Broadcast {
  tenant_id: string
  stream_id: string
  /** It comes in at the first; the other may pull it. */
  hosts: readonly { node_id: string; cluster_id: string }[]
  /** Unix ms. */
  began: number
  /** At the same time, on average, over all hosts. */
  viewers: number
}

/** One broadcast on all hosts that have it. */
export function* broadcastOf({ hosts, began, viewers, ...whose }: Broadcast, chance: Chance): Generator<StoredEvent> {
  const ended = began + Math.min(BROADCAST_MS_MAX, 10 * MINUTE_MS + chance.around(BROADCAST_MEAN_MS))
  const having = chance.happens(0.4) ? hosts : hosts.slice(0, 1)
  for (const [index, host] of having.entries()) {
    const where = { ...whose, ...host }
    const span = { began: began + index * 2_000, ended: ended + index * 1_000 }
    yield* runOn(where, span, index > 0, chance)
    yield* audienceOf(where, span, viewers / having.length, chance)
  }
}

interface Span {
  began: number
  ended: number
}

function* runOn(where: Where, { began, ended }: Span, replicated: boolean, chance: Chance): Generator<StoredEvent> {
  const tell = (type: StoredEvent['event_type'], at: number, data: object) => chance.event(where, type, at, data)
  const lifecycle = (at: number, data: object) => tell('stream-lifecycle', at, { ...NOTHING_KNOWN, ...data })
  const opening = { connector_pid: 42, request_url: 'rtmp://media.test/live/k', reason_code: null, reason: null }
  if (!replicated) {
    const publisher = { protocol: 'RTMP', publisher_host: '192.0.2.7', place: null, provenance: 'reported' }
    yield tell('stream-ingest', began - 50, { action: 'start', ...publisher, ...opening })
  }
  yield lifecycle(began, { status: 'starting', cause: 'ready' })
  yield* changesOf(began, ended, tell, chance)
  yield* pollsOf(began, ended, replicated, lifecycle, chance)
  if (!replicated) yield* outputsOf(began, ended, tell, chance)
  yield tell('stream-buffer', ended, bufferOf('EMPTY', null))
  yield tell('track-list', ended + 1, { tracks: [] })
  yield lifecycle(ended + 2, { status: 'offline', cause: 'unload' })
  yield tell('stream-end', ended + 3, {
    ...{ ingress_bytes: chance.below(1e10), egress_bytes: chance.below(1e11), viewers: chance.below(500) },
    ...{ inputs: 1, outputs: chance.below(2), viewer_seconds: chance.below(1e6), provenance: 'reported' },
  })
}

type Tell = (type: StoredEvent['event_type'], at: number, data: object) => StoredEvent

function* changesOf(began: number, ended: number, tell: Tell, chance: Chance): Generator<StoredEvent> {
  yield tell('stream-buffer', began + 800, bufferOf('FULL', 30))
  for (let at = began + 1_000 + chance.around(BUFFER_MEAN_MS); at < ended; at += chance.around(BUFFER_MEAN_MS)) {
    yield tell(
      'stream-buffer',
      at,
      bufferOf(chance.pick(['FULL', 'FULL', 'DRY', 'RECOVER']), chance.pick([25, 30, 60, null])),
    )
  }
  for (let at = began + 900; at < ended; at += 1_000 + chance.around(TRACKS_MEAN_MS)) {
    yield tell('track-list', at, { tracks: tracksOf(chance) })
  }
}

function* pollsOf(
  began: number,
  ended: number,
  replicated: boolean,
  lifecycle: (at: number, data: object) => StoredEvent,
  chance: Chance,
): Generator<StoredEvent> {
  let [ingress_bytes, egress_bytes, viewer_seconds] = [0, 0, 0]
  for (let at = began + 10_000; at < ended; at += POLL_MS) {
    ingress_bytes += 10_000_000 + chance.below(30_000_000)
    egress_bytes += chance.below(300_000_000)
    viewer_seconds += chance.below(600)
    yield lifecycle(at, {
      ...{ status: 'live', cause: 'poll', replicated, viewers: chance.below(20), inputs: 1, outputs: 0, tracks: 3 },
      ...{ ingress_bytes, egress_bytes, viewer_seconds, buffer_ms: 5_000, jitter_ms: chance.below(40) },
      issues: chance.happens(0.01) ? 'VIDEO has jitter' : null,
      input_type: 'Buffer',
    })
  }
}

function* outputsOf(began: number, ended: number, tell: Tell, chance: Chance): Generator<StoredEvent> {
  const records = chance.happens(0.5)
  for (let at = began + SEGMENT_MS; records && at < ended; at += SEGMENT_MS) {
    yield tell('recording-lifecycle', at, {
      ...{ action: 'segment', path: `/recordings/${at}.mkv`, format: 'MKV', bytes: chance.below(1e9), seconds: 600 },
      ...{ start: null, end: null, media_ms: SEGMENT_MS, first_ms: at - began - SEGMENT_MS, last_ms: at - began },
      ...{ succeeded: true, reason_code: null, reason: null },
    })
  }
  if (records) {
    yield tell('recording-lifecycle', ended, {
      ...{ action: 'end', path: `/recordings/${began}.mkv`, format: 'MKV', bytes: chance.below(1e10) },
      ...{ seconds: Math.floor((ended - began) / 1000), start: new Date(began).toISOString() },
      ...{ end: new Date(ended).toISOString(), media_ms: ended - began, first_ms: 0, last_ms: ended - began },
      ...{ succeeded: true, reason_code: 'CLEAN', reason: 'Clean exit' },
    })
  }
  if (chance.happens(0.3)) {
    const push = { push_id: chance.below(1e6), target: 'rtmp://push.test/app', log_tail: [] }
    yield tell('push-lifecycle', began + 2_000, { action: 'start', ...push, status: null })
    const status = { active_ms: ended - began - 2_000, bytes: chance.below(1e10), media_sent_ms: ended - began }
    yield tell('push-lifecycle', ended, { action: 'end', ...push, status })
  }
}
