import type { Chance } from './chance.ts'

const NONE = { bitrate_bps: null, fps: null, channels: null, sample_rate_hz: null }
const video = (width: number, height: number, codec: string) => ({
  ...{ ...NONE, track: `video_${height}`, kind: 'video', codec, width, height },
})
const AUDIO = { ...NONE, track: 'audio', kind: 'audio', codec: 'AAC', width: null, height: null }
const LISTS = [
  [video(1920, 1080, 'H264'), video(640, 360, 'H264'), AUDIO],
  [video(1280, 720, 'H264'), AUDIO],
  [video(3840, 2160, 'HEVC'), AUDIO],
  [AUDIO],
]

/** What an encoder may send. */
export function tracksOf(chance: Chance): readonly object[] {
  return chance.pick(LISTS)
}

/** The health that comes with a state of the buffer. */
export function bufferOf(state: 'FULL' | 'DRY' | 'RECOVER' | 'EMPTY', fps: number | null) {
  const unknown = { bitrate_bps: null, buffer_ms: null, jitter_ms: null, keyframe_ms_min: null, keyframe_ms_max: null }
  const more = { frame_ms_min: null, frame_ms_max: null, frames_per_key_min: null, frames_per_key_max: null }
  const shape = { width: null, height: null, b_frames: null, channels: null, sample_rate_hz: null }
  const health = { track: 'video', kind: 'video', codec: 'H264', ...unknown, ...more, ...shape, fps }
  const none = { buffer_ms: null, jitter_ms: null, keep_away_ms_max: null, issues: null, final_media_ms: null }
  return { state, ...none, tracks: state === 'EMPTY' ? [] : [health] }
}
