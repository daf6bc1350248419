import { z } from 'zod'

/** "Not known" in MistServer's 32-bit figures. */
const UNKNOWN = 4294967295
const Figure = z
  .number()
  .nullish()
  .transform((value) => (value == null || value === UNKNOWN || value < 0 ? null : value))

const Keys = z.looseObject({
  ms_min: Figure,
  ms_max: Figure,
  frame_ms_min: Figure,
  frame_ms_max: Figure,
  frames_min: Figure,
  frames_max: Figure,
})

const TrackFigures = z.looseObject({
  codec: z.string(),
  buffer: Figure,
  jitter: Figure,
  kbits: Figure,
  keys: Keys.optional(),
  width: Figure,
  height: Figure,
  fpks: Figure,
  efpks: Figure,
  bframes: z.union([z.boolean(), z.number()]).nullish(),
  channels: Figure,
  rate: Figure,
})

const Summary = z.looseObject({
  tracks: z.array(z.string()).nullish(),
  buffer: Figure,
  jitter: Figure,
  maxkeepaway: Figure,
  issues: z.string().nullish(),
})

/** MistServer's health of a stream: flat, with one member named after each track, which `tracks` lists. */
export const Health = Summary.transform((summary, context) => {
  const tracks = (summary.tracks ?? []).flatMap((track) => {
    const figures = TrackFigures.safeParse(summary[track])
    if (figures.success) return [{ track, ...figures.data }]
    context.addIssue({ code: 'custom', message: 'a listed track has no figures', path: [track] })
    return []
  })
  const { buffer, jitter, maxkeepaway, issues } = summary
  return { buffer, jitter, maxkeepaway, issues: issues || null, tracks }
})
export type Health = z.infer<typeof Health>
