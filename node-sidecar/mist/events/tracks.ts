import { TRACKS_MAX } from '../../../shared/events/limits.ts'
import type { TrackHealth } from '../../../shared/events/stream-buffer.ts'
import type { Track } from '../../../shared/events/track-list.ts'
import type { Health } from '../triggers/health.ts'
import type { ListedTrack } from '../triggers/media.ts'
import { name } from './event.ts'

/** MistServer's `kbits` are 1024 bits, and its `bps` are bytes. */
const BITS_PER_KBIT = 1024
const BITS_PER_BYTE = 8

/** Health of each track. */
export function toTrackHealth(health: Health): TrackHealth[] {
  return health.tracks.slice(0, TRACKS_MAX).map((track) => ({
    track: name(track.track),
    kind: toKind(track.track),
    codec: name(track.codec),
    bitrate_bps: scale(track.kbits, BITS_PER_KBIT),
    buffer_ms: scale(track.buffer),
    jitter_ms: scale(track.jitter),
    keyframe_ms_min: scale(track.keys?.ms_min),
    keyframe_ms_max: scale(track.keys?.ms_max),
    frame_ms_min: scale(track.keys?.frame_ms_min),
    frame_ms_max: scale(track.keys?.frame_ms_max),
    frames_per_key_min: scale(track.keys?.frames_min),
    frames_per_key_max: scale(track.keys?.frames_max),
    width: scale(track.width),
    height: scale(track.height),
    fps: toFps(track),
    b_frames: track.bframes == null ? null : Boolean(track.bframes),
    channels: scale(track.channels),
    sample_rate_hz: scale(track.rate),
  }))
}

/** Tracks of a list, by name. */
export function toTracks(tracks: Record<string, ListedTrack>): Track[] {
  const entries = Object.entries(tracks).slice(0, TRACKS_MAX)
  return entries.map(([track, listed]) => ({
    track: name(track),
    kind: toKind(listed.type),
    codec: name(listed.codec),
    // 0 while MistServer has yet to measure it.
    bitrate_bps: scale(listed.bps || null, BITS_PER_BYTE),
    width: scale(listed.width),
    height: scale(listed.height),
    fps: toFps(listed),
    channels: scale(listed.channels),
    sample_rate_hz: scale(listed.rate),
  }))
}

const kinds = ['video', 'audio', 'meta', 'subtitle'] as const

/** A track's name begins with its kind: `video_H264_640x360_0fps_1`. */
function toKind(text: string): Track['kind'] {
  return kinds.find((kind) => text.startsWith(kind)) ?? 'unknown'
}

/** Frames per thousand seconds: announced, or else measured; 0 is "not known". */
function toFps({
  fpks,
  efpks,
}: {
  fpks?: number | null | undefined
  efpks?: number | null | undefined
}): number | null {
  const perThousandSeconds = fpks || efpks
  return perThousandSeconds ? perThousandSeconds / 1000 : null
}

function scale(figure: number | null | undefined, by = 1): number | null {
  return figure == null ? null : Math.min(Math.round(figure * by), Number.MAX_SAFE_INTEGER)
}
