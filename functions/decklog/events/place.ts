import { cellToLatLng, latLngToCell } from 'h3-js'
import type { EventData, EventType } from '../../../shared/events/catalogue.ts'
import type { Place } from '../../../shared/events/fields.ts'

/** Cells of about 250 km² and 10 km from centre to edge: they name a town and nobody in it. */
const H3_RESOLUTION = 5
/** Decimals of a centre: about a metre, far inside its cell. */
const CENTRE_DECIMALS = 5

/** A copy of an event's data whose place, if it has one, is the centre of its H3 cell. */
export function coarsenPlace<T extends EventType>(data: EventData<T>): EventData<T> {
  return 'place' in data && data.place ? { ...data, place: toCell(data.place) } : data
}

function toCell(place: Place): Place {
  const { latitude, longitude } = place
  if (latitude === null || longitude === null) return { ...place, latitude: null, longitude: null, h3_cell: null }
  const h3_cell = latLngToCell(latitude, longitude, H3_RESOLUTION)
  const [north, east] = cellToLatLng(h3_cell)
  return { ...place, latitude: round(north), longitude: round(east), h3_cell }
}

function round(degrees: number): number {
  return Number(degrees.toFixed(CENTRE_DECIMALS))
}
