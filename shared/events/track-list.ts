import { z } from 'zod'
import { Count, Name, Quantity, TrackKind } from './fields.ts'
import { TRACKS_MAX } from './limits.ts'

export const Track = z.strictObject({
  track: Name,
  kind: TrackKind,
  codec: Name,
  bitrate_bps: Count.nullable(),
  width: Count.nullable(),
  height: Count.nullable(),
  fps: Quantity.nullable(),
  channels: Count.nullable(),
  sample_rate_hz: Count.nullable(),
})
export type Track = z.infer<typeof Track>

/** The tracks of a live stream changed; an empty list means that the last one is gone. */
export const TrackList = z.strictObject({ tracks: z.array(Track).max(TRACKS_MAX) })
export type TrackList = z.infer<typeof TrackList>
