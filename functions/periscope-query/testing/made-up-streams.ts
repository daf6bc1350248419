import type { StoredEvent } from '../../../shared/events/envelope.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'
import { eventOf } from '../../periscope-ingest/testing/events.ts'
import type { RecordedSession } from './session.ts'

/** When the made-up streams live: after the recording. */
export const MADE_UP = { from: '2026-11-24T02:00:00.000Z', to: '2026-11-24T04:00:00.000Z' }

const START = Date.parse(MADE_UP.from) - 600_000
const END = Date.parse(MADE_UP.to) + 600_000

/**
 * Streams on hosts as an encoder and its viewers might have them, from a seed: starts, changes of the buffer and of tracks, polls of
 * the stream and of its viewers, ends, hosts that only pull, and hosts that are lost.
 */
export function madeUpStreams({ tenant_id, streams }: RecordedSession, seed: number): StoredEvent[] {
  const random = mulberry32(seed)
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low))
  const pick = <T>(values: readonly T[]): T => values[between(0, values.length)] as T
  const template = eventOf('stream-lifecycle')
  const events: StoredEvent[] = []

  for (const stream_id of [...streams.values()].slice(0, 3)) {
    for (const node_id of ['nod_x', 'nod_y']) {
      const replicated = node_id === 'nod_y' && random() < 0.6
      const tell = (event_type: StoredEvent['event_type'], at: number, data: object) => {
        const where = { tenant_id, stream_id, node_id, cluster_id: node_id === 'nod_x' ? 'clu_x' : 'clu_y' }
        const occurred_at = new Date(at).toISOString()
        events.push({
          ...{ ...template, ...where, event_type, occurred_at, event_id: crypto.randomUUID(), data },
        } as StoredEvent)
      }
      const lifecycle = (at: number, changes: object) => tell('stream-lifecycle', at, { ...template.data, ...changes })
      for (let at = START + between(0, 900_000); at < END; ) {
        const end = Math.min(at + between(300_000, 3_000_000), END)
        lifecycle(at, { status: 'starting', cause: 'ready', replicated: null, ingress_bytes: null })
        liveFrom(at, end, replicated, { tell, lifecycle })
        if (random() < 0.8) {
          tell('stream-buffer', end, bufferOf('EMPTY', null))
          tell('track-list', end + 1, { tracks: [] })
        }
        lifecycle(end + 2, { status: 'offline', cause: 'unload', replicated: null, ingress_bytes: null })
        at = end + between(1_000, 600_000)
      }
    }
  }
  return events

  interface Teller {
    tell: (type: StoredEvent['event_type'], at: number, data: object) => void
    lifecycle: (at: number, changes: object) => void
  }

  function liveFrom(start: number, end: number, replicated: boolean, { tell, lifecycle }: Teller) {
    for (let at = start + between(500, 5_000); at < end; at += between(20_000, 900_000)) {
      tell('stream-buffer', at, bufferOf(pick(['FULL', 'FULL', 'DRY', 'RECOVER']), pick([25, 29.97, 60, null])))
      tell('track-list', at + 1, { tracks: tracksOf() })
    }
    let received = 0
    for (let at = start + 10_000; at < end; at += pick([10_000, 10_000, 10_000, 200_000])) {
      received += between(0, 9_000_000)
      lifecycle(at, { cause: 'poll', replicated, ingress_bytes: random() < 0.1 ? null : received })
    }
    for (let viewer = 0; viewer < 3; viewer += 1) watch(start, end, `s${between(0, 5)}`, tell)
  }

  function watch(start: number, end: number, session_id: string, tell: Teller['tell']) {
    const came = between(start, end)
    const counts = { egress_bytes: 0, packets_sent: 0, packets_lost: 0, packets_retransmitted: 0 }
    const left = Math.min(end, came + between(0, 1_500_000))
    for (let at = came + between(1_000, 60_000); at < left; at += pick([60_000, 60_000, 180_000])) {
      counts.egress_bytes += between(0, 5_000_000)
      counts.packets_sent += between(0, 5_000)
      counts.packets_lost += between(0, 50)
      counts.packets_retransmitted += between(0, 50)
      const sample = {
        ...{ session_id, role: pick(['viewer', 'viewer', 'viewer', 'output']), connector: 'HLS', ...counts },
        ...{ connected_seconds: Math.floor((at - came) / 1000), position_seconds: 0, ingress_bytes: 0 },
        ...{ egress_bytes_delta: null, ingress_bytes_delta: null },
        ...{ egress_bytes_per_second: 0, ingress_bytes_per_second: 0 },
      }
      tell('client-lifecycle', at, { samples: [sample] })
    }
  }

  function tracksOf() {
    const none = { bitrate_bps: null, fps: null, channels: null, sample_rate_hz: null }
    const video = (width: number, height: number, codec: string) => ({
      ...{ ...none, track: `video_${height}`, kind: 'video', codec, width, height },
    })
    const audio = { ...none, track: 'audio', kind: 'audio', codec: 'AAC', width: null, height: null }
    const videos = [
      [video(1920, 1080, 'H264'), video(640, 360, 'H264')],
      [video(720, 1280, 'HEVC')],
      [video(320, 180, 'AV1')],
      [],
    ]
    return [...pick(videos), audio]
  }
}

function bufferOf(state: string, fps: number | null) {
  const unknown = { bitrate_bps: null, buffer_ms: null, jitter_ms: null, keyframe_ms_min: null, keyframe_ms_max: null }
  const more = { frame_ms_min: null, frame_ms_max: null, frames_per_key_min: null, frames_per_key_max: null }
  const shape = { width: null, height: null, b_frames: null, channels: null, sample_rate_hz: null }
  const video = { track: 'video', kind: 'video', codec: 'H264', ...unknown, ...more, ...shape, fps }
  const none = { buffer_ms: null, jitter_ms: null, keep_away_ms_max: null, issues: null, final_media_ms: null }
  return { state, ...none, tracks: state === 'EMPTY' ? [] : [video] }
}
