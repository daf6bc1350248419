import type { Location } from '../../shared/contract/foghorn.ts'

const EARTH_RADIUS_KM = 6371
/** To the other side of the world. */
export const HALF_ROUND_KM = Math.PI * EARTH_RADIUS_KM

/** A place as a point of the unit sphere: angles between such points need no trigonometry of both. */
export type Vector = readonly [x: number, y: number, z: number]

/** The point of a place that is not known: whatever is reckoned with it is NaN. */
export const NOWHERE: Vector = [Number.NaN, Number.NaN, Number.NaN]

export function toVector(place: Location | null): Vector | null {
  if (place === null || !Number.isFinite(place.latitude) || !Number.isFinite(place.longitude)) return null
  const latitude = (place.latitude * Math.PI) / 180
  const longitude = (place.longitude * Math.PI) / 180
  const ring = Math.cos(latitude)
  return [ring * Math.cos(longitude), ring * Math.sin(longitude), Math.sin(latitude)]
}

/** The great-circle angle between two such points in radians, 0 to pi, by their scalar product. */
export function toAngle(product: number): number {
  // Rounding takes the same place, or the other side of the world, just past 1.
  if (product > 1) return 0
  return product < -1 ? Math.PI : Math.acos(product)
}
