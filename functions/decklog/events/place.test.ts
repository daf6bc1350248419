import fc from 'fast-check'
import { getResolution, greatCircleDistance, isValidCell } from 'h3-js'
import { expect, test } from 'vitest'
import { Place } from '../../../shared/events/fields.ts'
import { LoadBalancing } from '../../../shared/events/load-balancing.ts'
import { routed } from '../testing/events.ts'
import { coarsenPlace } from './place.ts'

const known = { country_code: 'NL', city: 'Delft', latitude: 52.0116, longitude: 4.3571, h3_cell: null }
const coarsen = (place: Place | null) => coarsenPlace<'load-balancing'>(LoadBalancing.parse({ ...routed, place })).place

test('a place becomes the centre of its cell, and whatever cell a sender names does not count', () => {
  const place = {
    country_code: 'NL',
    city: 'Delft',
    latitude: 52.00791,
    longitude: 4.45627,
    h3_cell: '85196bb3fffffff',
  }
  expect(coarsen(known)).toEqual(place)
  expect(coarsen({ ...known, h3_cell: '8508866ffffffff' })).toEqual(place)
})

test('what is not known whole is not known at all, and no place stays none', () => {
  const nowhere = { latitude: null, longitude: null, h3_cell: null }
  for (const part of [{ latitude: null }, { longitude: null }, { ...nowhere, h3_cell: '8508866ffffffff' }]) {
    expect(coarsen({ ...known, ...part })).toEqual({ ...known, ...nowhere })
  }
  expect(coarsen(null)).toBeNull()
})

test('every place on earth, also where both degrees are 0, is within its cell, which stays the same', () => {
  const degrees = (most: number) =>
    fc.oneof(fc.double({ min: -most, max: most, noNaN: true }), fc.constantFrom(0, most, -most))
  fc.assert(
    fc.property(degrees(90), degrees(180), (latitude, longitude) => {
      const cell = coarsen({ ...known, latitude, longitude })
      const { h3_cell, latitude: north, longitude: east } = Place.parse(cell)
      expect(isValidCell(h3_cell ?? '') && getResolution(h3_cell ?? '')).toBe(5)
      expect(greatCircleDistance([latitude, longitude], [north ?? 91, east ?? 181], 'km')).toBeLessThan(15)
      expect(coarsen(cell)).toEqual(cell)
    }),
  )
})
