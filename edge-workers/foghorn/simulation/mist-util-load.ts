import type { Location } from '../../../shared/contract/foghorn.ts'
import type { Balancer } from './run.ts'
import type { Machine } from './world.ts'

const CPU = 500
const MEMORY = 500
const BANDWIDTH = 1_000
const GEOGRAPHY = 1_000
const VIEWER_BYTES_MIN = 65_536
const VIEWER_BYTES_MAX = 1_048_576
const VIEWER_BYTES_DEFAULT = 131_072
/** What is left of its guesses after each poll. */
const DECAY = 0.75

/** MistUtilLoad's rule, written anew from what it does: one process, charges that fade with each poll, no head-room. */
export function createMistUtilLoad(machines: readonly Machine[]): Balancer {
  const hosts = machines.map(({ base_bytes_per_second, base_viewers }) => ({
    up: base_bytes_per_second,
    viewers: base_viewers,
    added: 0,
  }))

  function rate(machine: number, from: Location): number {
    const { limit_bytes_per_second: limit, location } = machines[machine] ?? EMPTY
    const { up, added } = hosts[machine] ?? { up: 0, added: 0 }
    if (up + added >= limit) return 0
    const cpu = 0.6 * (up / limit)
    const memory = 0.3
    const used = CPU * cpu + MEMORY * memory + (BANDWIDTH * (up + added)) / limit
    return CPU + MEMORY + BANDWIDTH - used + GEOGRAPHY * (1 - angle(location, from) / Math.PI)
  }

  return {
    hear: ({ machine, egress_bytes_per_second, viewers }) => {
      const host = hosts[machine]
      if (host === undefined) return
      host.up = egress_bytes_per_second
      host.viewers = viewers
      host.added *= DECAY
    },
    choose: ({ location }) => {
      let best = 0
      let chosen: number | null = null
      for (const machine of machines.keys()) {
        const score = rate(machine, location)
        if (score <= best) continue
        best = score
        chosen = machine
      }
      const host = chosen === null ? undefined : hosts[chosen]
      if (host !== undefined) {
        const each = host.viewers > 0 ? host.up / host.viewers : VIEWER_BYTES_DEFAULT
        host.added += Math.min(VIEWER_BYTES_MAX, Math.max(VIEWER_BYTES_MIN, each))
      }
      return chosen
    },
    tick: () => undefined,
  }
}

const EMPTY = { limit_bytes_per_second: 1, location: { latitude: 0, longitude: 0 } }

function angle(a: Location, b: Location): number {
  const radians = Math.PI / 180
  const [north, south] = [a.latitude * radians, b.latitude * radians]
  const cosine =
    Math.sin(north) * Math.sin(south) +
    Math.cos(north) * Math.cos(south) * Math.cos((a.longitude - b.longitude) * radians)
  return Math.acos(Math.min(1, Math.max(-1, cosine)))
}
