import { z } from 'zod'
import { HOST_CHARS_MAX, NAME_CHARS_MAX, TEXT_CHARS_MAX, URL_CHARS_MAX } from './limits.ts'

/** Whole numbers that JSON carries exactly: 0 to 2^53 - 1. */
export const Count = z.int().nonnegative()
export const Bytes = Count
export const Milliseconds = Count
/** Zero or more, with a fraction where the source has one. */
export const Quantity = z.number().nonnegative()

export const Name = z.string().max(NAME_CHARS_MAX)
export const Host = z.string().max(HOST_CHARS_MAX)
export const Url = z.string().max(URL_CHARS_MAX)
export const Text = z.string().max(TEXT_CHARS_MAX)
/** A stable code that programs switch on. */
export const Code = z.string().max(NAME_CHARS_MAX)

/** RFC 3339, UTC, to the millisecond: `2026-11-24T00:35:12.102Z`. */
export const Timestamp = z.iso.datetime({ precision: 3 })

/** How a final fact came about: MistServer reported it, or Helmsman found it missing and made it up for it. */
export const Provenance = z.enum(['reported', 'reconciled'])

/**
 * The made-up end that this end of the same session or run replaces: that one came too early, and counts no more. Its
 * time is told too, as that is where it counted.
 */
export const Replaced = z.strictObject({ event_id: z.uuid(), occurred_at: Timestamp })
export type Replaced = z.infer<typeof Replaced>

const H3Cell = z.string().regex(/^[0-9a-f]{15}$/, 'is not an H3 cell')

/**
 * Where somebody is. What a sender knows more exactly Decklog makes coarse before the log: latitude and longitude are the
 * centre of `h3_cell` there, a cell of the H3 grid at resolution 5, about 250 km² wide.
 */
export const Place = z.strictObject({
  country_code: z.string().length(2).nullable(),
  city: Name.nullable(),
  latitude: z.number().min(-90).max(90).nullable(),
  longitude: z.number().min(-180).max(180).nullable(),
  /** Decklog's own; what a sender writes here does not count. */
  h3_cell: H3Cell.nullable().default(null),
})
export type Place = z.infer<typeof Place>

export const TrackKind = z.enum(['video', 'audio', 'meta', 'subtitle', 'unknown'])
