import { HEARTBEAT_STALE_MS, ingestProtocols, protocols } from '../../../shared/contract/foghorn.ts'
import { bits, type Columns, real } from './columns.ts'
import type { Question } from './decision.ts'
import type { Fleet } from './fleet.ts'
import { NOWHERE, toAngle, toVector, type Vector } from './geography.ts'
import { codes, type Reason, reasons } from './reasons.ts'
import { tagPoints } from './tags.ts'
import { CPU_PERCENT_BUSY, CPU_PERCENT_MAX } from './usage.ts'

/** A question with all worked out that is the same for each host. */
export interface Scale extends Question {
  /** Where whoever asks is; `NOWHERE` when that is not known. */
  place: Vector
  /** Whether a host may be chosen that does not have the stream. */
  anywhere: boolean
  /** By a reason's code: 0 for a host that nothing speaks against, more for the last resorts. */
  resorts: Uint32Array
}

/** The resort of hosts that never serve, after all others. */
export const NEVER = 3

function toResorts(resort: (reason: Reason) => number): Uint32Array {
  return Uint32Array.from([0, ...reasons.map(resort)])
}

const BUSY_LAST = toResorts((reason) => (reason === 'cpu_busy' ? 1 : NEVER))
/** A stream that comes in on one host is pulled from there, whatever its state: there is no other. */
const ORIGIN_LAST = toResorts((reason) => {
  if (reason === 'cpu_busy') return 1
  return codes[reason] >= codes.held_out ? 2 : NEVER
})

export function toScale(fleets: readonly Fleet[], question: Question): Scale {
  const { want } = question
  return {
    ...question,
    place: toVector(question.viewer) ?? NOWHERE,
    anywhere:
      want === 'ingest' || (want === 'play' && question.cold && fleets.some((fleet) => isLive(fleet, question))),
    resorts: want === 'source' ? ORIGIN_LAST : BUSY_LAST,
  }
}

/** Whether a host that we hear from has media of the stream coming in. */
function isLive(fleet: Fleet, { stream, now_ms }: Question): boolean {
  const { seen_at_ms, healthy } = fleet.columns
  const since_ms = heardSince(fleet, now_ms)
  return fleet.holders
    .of(stream)
    .some((entry) => bits(healthy, entry >> 1) === 1 && real(seen_at_ms, entry >> 1) >= since_ms)
}

function heardSince({ frozen_at_ms }: Fleet, now_ms: number): number {
  return Math.min(now_ms, frozen_at_ms) - HEARTBEAT_STALE_MS
}

/** Writes into the fleet's columns at which resort each host serves, its score, and why it should not. `tops` takes the best scores. */
export function assess(fleet: Fleet, order: number, scale: Scale, tops: Float64Array): void {
  const { held } = fleet.columns
  const entries = fleet.holders.of(scale.stream)
  for (const entry of entries) if (counts(entry, scale)) held[entry >> 1] = 1
  ruleOut(fleet, scale)
  rate(fleet, fleet.weights.cluster / (order + 1), scale, tops)
  for (const entry of entries) held[entry >> 1] = 0
}

/** A viewer is served by any host that has the stream; publishers come back to, and hosts pull from, where it comes in first. */
export function counts(entry: number, { want }: Question): boolean {
  return want === 'play' || (entry & 1) === 0
}

// The two loops below are what a decision costs: they read nothing but local names.

/** Writes why each host should not serve, and at which resort it does. */
function ruleOut(fleet: Fleet, scale: Scale): void {
  const { seen_at_ms, healthy, held, closed, cpu_percent, room, code, resort } = fleet.columns
  const { anywhere, cpu_percent_needed, resorts } = scale
  const { column: spoken, any } = languageOf(fleet.columns, scale)
  const since_ms = heardSince(fleet, scale.now_ms)
  const asker = scale.exclude_node_id === null ? undefined : fleet.slotOf(scale.exclude_node_id)
  for (let slot = 0; slot < fleet.hosts.length; slot++) {
    const cpu = real(cpu_percent, slot) + cpu_percent_needed
    let reason = 0
    if (slot === asker) reason = codes.asker
    // A free slot was never heard of.
    else if (!(real(seen_at_ms, slot) >= since_ms)) reason = codes.stale
    else if (bits(healthy, slot) === 0) reason = codes.unhealthy
    else if (!anywhere && bits(held, slot) === 0) reason = codes.stream_absent
    else if ((bits(spoken, slot) & any) === 0) reason = codes.protocol_absent
    else if (bits(closed, slot) !== 0) reason = bits(closed, slot)
    else if (cpu >= CPU_PERCENT_MAX) reason = codes.cpu_full
    else if (real(room, slot) < 0) reason = codes.bandwidth_full
    else if (cpu >= CPU_PERCENT_BUSY) reason = codes.cpu_busy
    code[slot] = reason
    resort[slot] = bits(resorts, reason)
  }
}

/** Writes the scores of the hosts that serve at all; one below 0 serves nobody. */
function rate(fleet: Fleet, cluster: number, scale: Scale, tops: Float64Array): void {
  const { x, y, z, base, held, code, resort, score: points } = fleet.columns
  const { distance, stream } = fleet.weights
  const { x: px, y: py, z: pz } = scale.place
  const tags = tagPoints(fleet, scale.adjust)
  for (let slot = 0; slot < fleet.hosts.length; slot++) {
    const at = bits(resort, slot)
    if (at === NEVER) continue
    const near = nearness(real(x, slot) * px + real(y, slot) * py + real(z, slot) * pz)
    const sum = real(base, slot) + distance * near + stream * bits(held, slot) + cluster
    const total = tags === null ? sum : sum + real(tags, slot)
    points[slot] = total
    if (total < 0) {
      code[slot] = codes.tags_against
      resort[slot] = NEVER
    } else if (total > real(tops, at)) {
      tops[at] = total
    }
  }
}

const ALL = -1

/** What hosts must speak: the column that says what they do, and the bits any of which will do. */
function languageOf({ plays, takes, gives }: Columns, { want, protocol, ingest }: Question) {
  if (want === 'source') return { column: gives, any: 1 }
  if (want === 'ingest') return { column: takes, any: ingest === null ? ALL : 1 << ingestProtocols.indexOf(ingest) }
  return { column: plays, any: protocol === null ? ALL : 1 << protocols.indexOf(protocol) }
}

/** By the scalar product of two places, 1 for the same and 0 for the other side of the world; 0 where one is unknown. */
export function nearness(product: number): number {
  const near = 1 - toAngle(product) / Math.PI
  return Number.isNaN(near) ? 0 : near
}
