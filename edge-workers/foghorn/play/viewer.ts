import type { Place } from '../../../shared/events/fields.ts'
import type { Front } from '../../../shared/http/caller-address.ts'

/** Decimals of a degree that we look at: about a kilometre, which no lookup of an address is exact to. */
const DECIMALS = 2

// Read without a schema, which a Worker cannot compile and every viewer would wait for.
const DEGREES = /^-?\d{1,3}(\.\d+)?$/
/** `XX` is Cloudflare's unknown country. */
const COUNTRY = /^(?!XX)[A-Z][A-Z0-9]$/
const CITY = /^.{1,256}$/s

/** The headers by which a proxy of ours tells of a place; it sets them on every request, or removes them. */
const headers = {
  country: 'x-country',
  city: 'x-city',
  latitude: 'x-latitude',
  longitude: 'x-longitude',
}

/** The viewer's place as the trusted front tells it; null where there is none, or it says nothing. */
export function placeOf(request: Request, front: Front): Place | null {
  const told = toldBy(request, front)
  const country_code = textOf(told('country'), COUNTRY)
  const latitude = degreesOf(told('latitude'), 90)
  const longitude = degreesOf(told('longitude'), 180)
  const located = latitude !== null && longitude !== null
  if (country_code === null && !located) return null
  return {
    country_code,
    city: textOf(told('city'), CITY),
    latitude: located ? round(latitude) : null,
    longitude: located ? round(longitude) : null,
    h3_cell: null,
  }
}

/** What the front says of each part of a place; what it does not know is null or not there. */
function toldBy(request: Request, front: Front): (part: keyof typeof headers) => unknown {
  if (front === 'cloudflare') {
    const cf: object = ('cf' in request && request.cf) || {}
    return (part) => Reflect.get(cf, part)
  }
  return (part) => (front < 1 ? null : decode(request.headers.get(headers[part])))
}

function textOf(told: unknown, shape: RegExp): string | null {
  return typeof told === 'string' && shape.test(told) ? told : null
}

function degreesOf(told: unknown, max: number): number | null {
  const text = textOf(told, DEGREES)
  return text !== null && Math.abs(Number(text)) <= max ? Number(text) : null
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
