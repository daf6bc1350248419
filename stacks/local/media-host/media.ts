/** The tracks of every publisher here: 640x360 H.264 at 25 frames a second, AAC mono and a metadata track. */
const VIDEO = 'video_H264_640x360_0fps_1'
const AUDIO = 'audio_AAC_1ch_48000hz_2'
const META = 'meta_JSON__0'

const NO_FRAMES = {
  frame_ms_max: 0,
  frame_ms_min: 4294967295,
  frames_max: 0,
  frames_min: 4294967295,
  ms_max: 0,
  ms_min: 4294967295,
}

/** The third line of STREAM_BUFFER and the `health` of active streams, with `buffer_ms` of media at hand. */
export function healthOf(buffer_ms: number) {
  const buffer = Math.round(buffer_ms)
  return {
    [AUDIO]: {
      buffer,
      channels: 1,
      codec: 'AAC',
      id: 2,
      idx: 2,
      jitter: 8,
      kbits: 94,
      keys: { frame_ms_max: 21, frame_ms_min: 21, frames_max: 96, frames_min: 96, ms_max: 2048, ms_min: 2048 },
      rate: 48000,
    },
    buffer,
    jitter: 120,
    maxkeepaway: 45000,
    [META]: { buffer: 0, codec: 'JSON', id: 3, idx: 0, jitter: 120, kbits: 0, keys: NO_FRAMES },
    tracks: [META, VIDEO, AUDIO],
    [VIDEO]: {
      bframes: false,
      buffer,
      codec: 'H264',
      efpks: 25000,
      efps: 25,
      fpks: 0,
      fps: 0,
      height: 360,
      id: 1,
      idx: 1,
      jitter: 8,
      kbits: 846,
      keys: { frame_ms_max: 40, frame_ms_min: 40, frames_max: 50, frames_min: 50, ms_max: 2000, ms_min: 2000 },
      width: 640,
    },
  }
}

/** The tracks as LIVE_TRACK_LIST and the stream information name them, `now_ms` into the media. */
export function trackListOf(now_ms: number) {
  const nowms = Math.round(now_ms)
  const common = { bps: 0, firstms: 0, jitter: 120, lastms: nowms, maxbps: 0, nowms }
  return {
    [AUDIO]: {
      ...common,
      channels: 1,
      codec: 'AAC',
      codecstring: 'mp4a.40.2',
      idx: 2,
      init: '\u0011\u0088V\u00e5\u0000',
      rate: 48000,
      size: 16,
      trackid: 2,
      type: 'audio',
    },
    [META]: { ...common, codec: 'JSON', codecstring: '', idx: 0, init: '', lastms: 0, trackid: 3, type: 'meta' },
    [VIDEO]: {
      ...common,
      codec: 'H264',
      codecstring: 'avc1.42c01e',
      efpks: 0,
      efps: 0,
      fpks: 0,
      fps: 0,
      h264_chroma: '4:0:0 (Monochrome)',
      h264_level: '3',
      h264_profile: 'Constrained baseline',
      height: 360,
      idx: 1,
      init: '\u0001B\u00c0\u001e\u00ff\u00e1\u0000\u0019gB\u00c0\u001e\u00da\u0002\u0080\u00bf\u00e5\u00c0D',
      trackid: 1,
      type: 'video',
      width: 640,
    },
  }
}

/** The tracks as the last line of PUSH_INPUT_CLOSE. */
export const inputTracks = [
  { codec: 'JSON', id: 3, idx: 0, type: 'meta' },
  { codec: 'H264', id: 1, idx: 1, type: 'video' },
  { codec: 'AAC', id: 2, idx: 2, type: 'audio' },
]

export const TRACK_COUNT = inputTracks.length
