import type { Location } from '../../../shared/contract/foghorn.ts'
import { mulberry32 } from '../../../shared/mulberry32.ts'

export const HOSTS = 40
export const VIEWERS = 50_000
/** All come within. */
export const RUSH_MS = 60_000
/** They play from so long after they were sent. */
const START_MS_MIN = 500
const START_MS_MAX = 3_000
const MEGABIT = 125_000

export interface Machine {
  address: string
  location: Location
  limit_bytes_per_second: number
  /** What it sends to others who were there before, and how many these are. */
  base_bytes_per_second: number
  base_viewers: number
  /** When it speaks first. */
  phase_ms: number
}

export interface Viewer {
  at_ms: number
  plays_at_ms: number
  location: Location
  address: string
  bytes_per_second: number
}

/** Where hosts stand, and how much of the crowd is there. */
const cities: readonly (Location & { share: number })[] = [
  { latitude: 52.4, longitude: 4.9, share: 0.34 },
  { latitude: 50.1, longitude: 8.7, share: 0.18 },
  { latitude: 51.5, longitude: -0.1, share: 0.18 },
  { latitude: 40.7, longitude: -74, share: 0.12 },
  { latitude: 37.8, longitude: -122.4, share: 0.06 },
  { latitude: -23.5, longitude: -46.6, share: 0.05 },
  { latitude: 1.35, longitude: 103.8, share: 0.04 },
  { latitude: -33.9, longitude: 151.2, share: 0.03 },
]
const sizes = [1_000, 2_000, 5_000, 10_000].map((megabits) => megabits * MEGABIT)

/** Machines of four sizes in eight cities, a tenth of each in use. */
export function makeMachines(): Machine[] {
  const roll = mulberry32(11)
  return Array.from({ length: HOSTS }, (_, index) => {
    const { latitude, longitude } = cities[index % cities.length] ?? { latitude: 0, longitude: 0 }
    const limit_bytes_per_second = sizes[Math.floor(index / cities.length) % sizes.length] ?? MEGABIT
    const base_viewers = Math.round((0.1 * limit_bytes_per_second) / (3 * MEGABIT))
    return {
      address: `edge-${index}.example`,
      location: { latitude, longitude },
      limit_bytes_per_second,
      base_bytes_per_second: 0.1 * limit_bytes_per_second,
      base_viewers,
      phase_ms: Math.floor(roll() * 5_000),
    }
  })
}

/** A crowd that swells and ebbs within a minute, most of it in one part of the world, in the order in which it comes. */
export function makeCrowd(): Viewer[] {
  const roll = mulberry32(7)
  const viewers = Array.from({ length: VIEWERS }, (_, index) => {
    // The mean of two rolls: a tent with its top in the middle.
    const at_ms = ((roll() + roll()) / 2) * RUSH_MS
    return {
      at_ms,
      plays_at_ms: at_ms + START_MS_MIN + roll() * (START_MS_MAX - START_MS_MIN),
      location: near(cityAt(roll()), roll),
      address: `viewer ${index}`,
      bytes_per_second: (1.15 + 2.3 * roll()) * MEGABIT,
    }
  })
  return viewers.sort((a, b) => a.at_ms - b.at_ms)
}

function cityAt(rolled: number): Location {
  let left = rolled
  for (const city of cities) {
    left -= city.share
    if (left < 0) return city
  }
  return { latitude: 0, longitude: 0 }
}

function near({ latitude, longitude }: Location, roll: () => number): Location {
  return { latitude: latitude + 6 * roll() - 3, longitude: longitude + 6 * roll() - 3 }
}
