import { z } from 'zod'
import type { Place } from '../../../shared/events/fields.ts'

/** Decimals of a degree: about 10 km, which names a town and nobody in it. */
const DECIMALS = 1

const Degrees = z.string().min(1).pipe(z.coerce.number())

/** What Cloudflare knows of a place, as it writes it; what it does not know is null. */
const Cf = z.object({
  country: z.string().length(2).nullable().catch(null),
  city: z.string().max(256).nullable().catch(null),
  latitude: Degrees.pipe(z.number().min(-90).max(90)).nullable().catch(null),
  longitude: Degrees.pipe(z.number().min(-180).max(180)).nullable().catch(null),
})

/** The viewer's place from `request.cf`, coarse; null where it says nothing, as outside Cloudflare. */
export function placeOf(cf: unknown): Place | null {
  const { country, city, latitude, longitude } = Cf.parse(cf ?? {})
  if (country === null && latitude === null) return null
  return { country_code: country, city, latitude: coarse(latitude), longitude: coarse(longitude) }
}

function coarse(degrees: number | null): number | null {
  return degrees === null ? null : Number(degrees.toFixed(DECIMALS))
}
