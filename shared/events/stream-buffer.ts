import { z } from 'zod'
import { Count, Milliseconds, Name, Quantity, Text, TrackKind } from './fields.ts'
import { TRACKS_MAX } from './limits.ts'

/** How well one track arrives; a figure that the source does not know is null. */
export const TrackHealth = z.strictObject({
  track: Name,
  kind: TrackKind,
  codec: Name,
  bitrate_bps: Count.nullable(),
  buffer_ms: Milliseconds.nullable(),
  jitter_ms: Milliseconds.nullable(),
  keyframe_ms_min: Milliseconds.nullable(),
  keyframe_ms_max: Milliseconds.nullable(),
  frame_ms_min: Milliseconds.nullable(),
  frame_ms_max: Milliseconds.nullable(),
  frames_per_key_min: Count.nullable(),
  frames_per_key_max: Count.nullable(),
  width: Count.nullable(),
  height: Count.nullable(),
  fps: Quantity.nullable(),
  b_frames: z.boolean().nullable(),
  channels: Count.nullable(),
  sample_rate_hz: Count.nullable(),
})
export type TrackHealth = z.infer<typeof TrackHealth>

/** The buffer of a stream changed state; EMPTY has no health. */
export const StreamBuffer = z.strictObject({
  state: z.enum(['FULL', 'DRY', 'RECOVER', 'EMPTY']),
  buffer_ms: Milliseconds.nullable(),
  jitter_ms: Milliseconds.nullable(),
  keep_away_ms_max: Milliseconds.nullable(),
  /** What MistServer finds wrong with the stream, in words. */
  issues: Text.nullable(),
  /** Media time at the end of the input, for EMPTY. */
  final_media_ms: Milliseconds.nullable(),
  tracks: z.array(TrackHealth).max(TRACKS_MAX),
})
export type StreamBuffer = z.infer<typeof StreamBuffer>
