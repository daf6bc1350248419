import { z } from 'zod'
import type { Place } from '../../../shared/events/fields.ts'
import type { Front } from '../../../shared/http/caller-address.ts'

/** Decimals of a degree that we look at: about a kilometre, which no lookup of an address is exact to. */
const DECIMALS = 2

const Degrees = z
  .string()
  .regex(/^-?\d{1,3}(\.\d+)?$/)
  .pipe(z.coerce.number())

/** What fronts know of a place, as they write it; what they do not know is null or not there. `XX` is Cloudflare's unknown country. */
const Told = z.object({
  country: z
    .string()
    .regex(/^(?!XX)[A-Z][A-Z0-9]$/)
    .nullable()
    .default(null)
    .catch(null),
  city: z.string().min(1).max(256).nullable().default(null).catch(null),
  latitude: Degrees.pipe(z.number().min(-90).max(90)).nullable().default(null).catch(null),
  longitude: Degrees.pipe(z.number().min(-180).max(180)).nullable().default(null).catch(null),
})

/** The headers by which a proxy of ours tells of a place; it sets them on every request, or removes them. */
const headers = {
  country: 'x-country',
  city: 'x-city',
  latitude: 'x-latitude',
  longitude: 'x-longitude',
}

/** The viewer's place as the trusted front tells it; null where there is none, or it says nothing. */
export function placeOf(request: Request, front: Front): Place | null {
  const { country, city, latitude, longitude } = Told.parse(toldBy(request, front))
  const located = latitude !== null && longitude !== null
  if (country === null && !located) return null
  return {
    country_code: country,
    city,
    latitude: located ? round(latitude) : null,
    longitude: located ? round(longitude) : null,
    h3_cell: null,
  }
}

function toldBy(request: Request, front: Front): unknown {
  if (front === 'cloudflare') return ('cf' in request && request.cf) || {}
  if (front < 1) return {}
  const told = Object.entries(headers).map(([name, header]) => [name, decode(request.headers.get(header))])
  return Object.fromEntries(told)
}

/** Headers hold ASCII: what is more than that comes percent-encoded. */
function decode(text: string | null): string | null {
  try {
    return text === null ? null : decodeURIComponent(text)
  } catch {
    return null
  }
}

function round(degrees: number): number {
  return Number(degrees.toFixed(DECIMALS))
}
