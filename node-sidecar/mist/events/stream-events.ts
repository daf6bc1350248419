import type { SentEvent } from '../../../shared/events/envelope.ts'
import type { StreamLifecycle } from '../../../shared/events/stream-lifecycle.ts'
import type { Firing } from '../firing.ts'
import type { TriggerPayload } from '../triggers/trigger.ts'
import { createEvent, name, words } from './event.ts'
import { toTrackHealth, toTracks } from './tracks.ts'

/** A lifecycle event has figures only when a poll brought them. */
export const noFigures = {
  replicated: null,
  viewers: null,
  inputs: null,
  outputs: null,
  tracks: null,
  ingress_bytes: null,
  egress_bytes: null,
  viewer_seconds: null,
  packets_sent: null,
  packets_lost: null,
  packets_retransmitted: null,
  buffer_ms: null,
  jitter_ms: null,
  issues: null,
} satisfies Partial<StreamLifecycle>

export function toReady(ready: TriggerPayload<'STREAM_READY'>, firing: Firing): SentEvent<'stream-lifecycle'> {
  return createEvent('stream-lifecycle', {
    ...firing,
    stream_name: ready.stream_name,
    data: { ...noFigures, status: 'starting', cause: 'ready', reason: null, input_type: name(ready.input_type) },
  })
}

export function toUnload(unload: TriggerPayload<'STREAM_UNLOAD'>, firing: Firing): SentEvent<'stream-lifecycle'> {
  const { stream_name, input_type, reason } = unload
  return createEvent('stream-lifecycle', {
    ...firing,
    stream_name,
    data: {
      ...noFigures,
      status: 'offline',
      cause: 'unload',
      reason: reason === '' ? null : words(reason),
      input_type: name(input_type),
    },
  })
}

export function toBuffer(buffer: TriggerPayload<'STREAM_BUFFER'>, firing: Firing): SentEvent<'stream-buffer'> {
  const { stream_name, state, health, final_media_ms } = buffer
  return createEvent('stream-buffer', {
    ...firing,
    stream_name,
    data: {
      state,
      buffer_ms: health?.buffer ?? null,
      jitter_ms: health?.jitter ?? null,
      keep_away_ms_max: health?.maxkeepaway ?? null,
      issues: health?.issues == null ? null : words(health.issues),
      final_media_ms,
      tracks: health === null ? [] : toTrackHealth(health),
    },
  })
}

export function toTrackList(list: TriggerPayload<'LIVE_TRACK_LIST'>, firing: Firing): SentEvent<'track-list'> {
  const { stream_name, tracks } = list
  return createEvent('track-list', { ...firing, stream_name, data: { tracks: toTracks(tracks) } })
}

export function toEnd(end: TriggerPayload<'STREAM_END'>, firing: Firing): SentEvent<'stream-end'> {
  const { stream_name, ...totals } = end
  return createEvent('stream-end', { ...firing, stream_name, data: { ...totals, provenance: 'reported' } })
}
