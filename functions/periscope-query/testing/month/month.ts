import type { StoredEvent } from '../../../../shared/events/envelope.ts'
import { mulberry32 } from '../../../../shared/mulberry32.ts'
import { broadcastOf } from './broadcast.ts'
import { Chance } from './chance.ts'
import { hostPolls } from './host-polls.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How large a made-up time of the platform is. */
export interface MonthShape {
  /** Where it begins (RFC 3339). */
  from: string
  days: number
  tenants: number
  /** Of each tenant. */
  streams: number
  /** Broadcasts of a stream a day, on average. */
  broadcasts: number
  /** Viewers of a broadcast at the same time, on average. */
  viewers: number
}

/** Ten tenants with 200 streams, five million events. */
export const MONTH: MonthShape = {
  from: '2026-10-01T00:00:00.000Z',
  ...{ days: 30, tenants: 10, streams: 20, broadcasts: 1.5, viewers: 6 },
}

export const endOf = ({ from, days }: MonthShape) => new Date(Date.parse(from) + days * DAY_MS).toISOString()
/** Ids that are the same in each run; two numbers tell those of one kind apart. */
const idOf = (kind: string, tenant: number, index = 0) =>
  `${kind}_00000000-0000-7000-8000-${String(tenant).padStart(6, '0')}${String(index).padStart(6, '0')}`
export const tenantOf = (index: number) => idOf('ten', index)
export const hostOf = (tenant: number, index: number) => idOf('nod', tenant, index)
/** The streams of one of its tenants. */
export const streamsOf = (tenant: number, { streams }: MonthShape) =>
  Array.from({ length: streams }, (_, index) => idOf('str', tenant, index))

/**
 * Everything that happens to one tenant, from a seed: broadcasts at the hours of the day at which people watch, on one host
 * or on two, with viewers from some countries, and the polls of its hosts. In order of time within a broadcast only, as
 * hosts tell of theirs apart from each other.
 */
export function* monthOf(tenant: number, shape: MonthShape, seed: number): Generator<StoredEvent> {
  const chance = new Chance(mulberry32(seed * 1_000 + tenant))
  const tenant_id = tenantOf(tenant)
  const hosts = [0, 1].map((index) => ({ node_id: hostOf(tenant, index), cluster_id: idOf('clu', tenant) }))
  const start = Date.parse(shape.from)
  for (const host of hosts) yield* hostPolls({ tenant_id, stream_id: null, ...host }, start, shape.days, chance)
  for (const stream_id of streamsOf(tenant, shape)) {
    for (let day = 0; day < shape.days; day += 1) {
      for (const began of startsOf(start + day * DAY_MS, shape, chance)) {
        yield* broadcastOf({ tenant_id, stream_id, hosts, began, viewers: shape.viewers }, chance)
      }
    }
  }
}

/** When a stream goes on air on a day: in the evening rather than at night, and never twice at once. */
function startsOf(day: number, { broadcasts }: MonthShape, chance: Chance): number[] {
  const slots = [8, 13, 19].map((hour) => day + hour * HOUR_MS + chance.below(HOUR_MS))
  return slots.filter(() => chance.happens(broadcasts / slots.length))
}
