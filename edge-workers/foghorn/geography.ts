import type { Location } from '../../shared/contract/foghorn.ts'

export const EARTH_RADIUS_KM = 6371

/** A place as a point of the unit sphere: angles between such points need no trigonometry of both. */
export type Vector = readonly [x: number, y: number, z: number]

export function toVector(place: Location | null): Vector | null {
  if (place === null || !Number.isFinite(place.latitude) || !Number.isFinite(place.longitude)) return null
  const latitude = (place.latitude * Math.PI) / 180
  const longitude = (place.longitude * Math.PI) / 180
  const ring = Math.cos(latitude)
  return [ring * Math.cos(longitude), ring * Math.sin(longitude), Math.sin(latitude)]
}

/** The great-circle angle in radians, 0 to pi. */
export function angleBetween(a: Vector, b: Vector): number {
  const cosine = a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
  // Rounding takes the same place, or the other side of the world, just past 1.
  return Math.acos(Math.min(1, Math.max(-1, cosine)))
}
