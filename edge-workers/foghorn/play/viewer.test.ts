import { expect, test } from 'vitest'
import type { Front } from '../../../shared/http/caller-address.ts'
import { placeOf } from './viewer.ts'

const boston = { country: 'US', city: 'Boston', latitude: '42.36004', longitude: '-71.05884' }
const place = { country_code: 'US', city: 'Boston', latitude: 42.36, longitude: -71.06, h3_cell: null }
const asHeaders = (told: Record<string, string>) =>
  Object.fromEntries(Object.entries(told).map(([name, value]) => [`x-${name}`, value]))

/** What is made of a request about which Cloudflare tells `cf` and that carries `headers`. */
function told(front: Front, { cf, headers = {} }: { cf?: object; headers?: Record<string, string> }) {
  return placeOf(Object.assign(new Request('https://foghorn.test/play/x', { headers }), cf && { cf }), front)
}

test('each front is heard in its own way alone', () => {
  expect(told('cloudflare', { cf: boston })).toEqual(place)
  expect(told(1, { headers: asHeaders(boston) })).toEqual(place)
  expect(told('cloudflare', { headers: asHeaders(boston) })).toBeNull()
  expect(told(1, { cf: boston })).toBeNull()
  expect(told(0, { cf: boston, headers: asHeaders(boston) })).toBeNull()
})

test('the place where both degrees are 0 is one, and the poles and the date line are', () => {
  for (const [latitude, longitude] of [
    ['0', '0'],
    ['90', '0'],
    ['-90', '180'],
    ['0', '-180'],
  ]) {
    const degrees = { latitude: Number(latitude), longitude: Number(longitude) }
    expect(told('cloudflare', { cf: { latitude, longitude } })).toMatchObject(degrees)
  }
})

test.each(['NaN', '', ' ', 'north', '91', '-90.1', 'Infinity', '0x10000', undefined, null, 42.36])(
  'a latitude of %j is none, and the longitude alone is none either',
  (latitude) => {
    expect(told('cloudflare', { cf: { ...boston, latitude } })).toMatchObject({ latitude: null, longitude: null })
    expect(told('cloudflare', { cf: { latitude, longitude: '5' } })).toBeNull()
  },
)

test('what is no country is none, and a city is read in any script', () => {
  for (const country of ['XX', '', 'usa', 'us', 7]) {
    expect(told('cloudflare', { cf: { ...boston, country } })).toMatchObject({ country_code: null })
  }
  expect(told('cloudflare', { cf: { country: 'T1' } })).toMatchObject({ country_code: 'T1', latitude: null })
  const headers = asHeaders({ country: 'DE', city: encodeURIComponent('Düsseldorf') })
  expect(told(1, { headers })).toMatchObject({ city: 'Düsseldorf' })
  expect(told(1, { headers: { ...headers, 'x-city': '%' } })).toMatchObject({ city: null })
})
