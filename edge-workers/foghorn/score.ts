import { HEARTBEAT_STALE_MS, ingestProtocols, protocols } from '../../shared/contract/foghorn.ts'
import { bits, type Columns, real } from './columns.ts'
import type { Question } from './decision.ts'
import type { Fleet } from './fleet.ts'
import { NOWHERE, toAngle, toVector, type Vector } from './geography.ts'
import { codes, type Reason, reasons } from './reasons.ts'
import { tagPoints } from './tags.ts'
import { BANDWIDTH_RATIO_MAX, CPU_PERCENT_BUSY, CPU_PERCENT_MAX } from './usage.ts'

/** A question with all worked out that is the same for each host. */
export interface Scale extends Question {
  /** Where whoever asks is; `NOWHERE` when that is not known. */
  place: Vector
  /** Whether a host may be chosen that does not have the stream. */
  anywhere: boolean
  /** The bit of the protocol that is asked for; 0 for any. */
  protocol_bit: number
  ingest_bit: number
  /** By a reason's code: 0 for a host that nothing speaks against, more for the last resorts, infinite for never. */
  resorts: readonly number[]
}

export const NEVER = Number.POSITIVE_INFINITY

function toResorts(resort: (reason: Reason) => number): readonly number[] {
  return [0, ...reasons.map(resort)]
}

const BUSY_LAST = toResorts((reason) => (reason === 'cpu_busy' ? 1 : NEVER))
/** A stream that comes in on one host is pulled from there, whatever its state: there is no other. */
const ORIGIN_LAST = toResorts((reason) => {
  if (reason === 'cpu_busy') return 1
  return codes[reason] >= codes.held_out ? 2 : NEVER
})

export function toScale(fleets: readonly Fleet[], question: Question): Scale {
  const { want, protocol, ingest } = question
  return {
    ...question,
    place: toVector(question.viewer) ?? NOWHERE,
    anywhere:
      want === 'ingest' || (want === 'play' && question.cold && fleets.some((fleet) => isLive(fleet, question))),
    protocol_bit: want === 'play' && protocol !== null ? 1 << protocols.indexOf(protocol) : 0,
    ingest_bit: want === 'ingest' && ingest !== null ? 1 << ingestProtocols.indexOf(ingest) : 0,
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

/** Writes into the fleet's columns why each host is ruled out, and the score of who may serve. Returns the first resort there is. */
export function assess(fleet: Fleet, order: number, scale: Scale): number {
  const { columns, hosts, weights } = fleet
  const { held, code, score } = columns
  const { resorts, place } = scale
  const entries = fleet.holders.of(scale.stream)
  for (const entry of entries) if (counts(entry, scale)) held[entry >> 1] = 1
  const asker = scale.exclude_node_id === null ? undefined : fleet.slotOf(scale.exclude_node_id)
  const since_ms = heardSince(fleet, scale.now_ms)
  const tags = tagPoints(fleet, scale.adjust)
  const cluster = weights.cluster / (order + 1)
  let first = NEVER
  for (let slot = 0; slot < hosts.length; slot++) {
    if (hosts[slot] === undefined) continue
    const reason = slot === asker ? codes.asker : ruleOut(columns, slot, since_ms, scale)
    const resort = resorts[reason] ?? NEVER
    code[slot] = reason
    if (resort === NEVER) continue
    const points =
      weights.cpu * cpuFree(columns, slot) +
      weights.memory * memoryFree(columns, slot) +
      weights.bandwidth * bandwidthFree(columns, slot) +
      weights.distance * nearness(columns, slot, place) +
      weights.stream * bits(held, slot) +
      cluster +
      (tags === null ? 0 : real(tags, slot))
    score[slot] = points
    if (points < 0) code[slot] = codes.tags_against
    else if (resort < first) first = resort
  }
  for (const entry of entries) held[entry >> 1] = 0
  return first
}

/** A viewer is served by any host that has the stream; publishers come back to, and hosts pull from, where it comes in first. */
export function counts(entry: number, { want }: Question): boolean {
  return want === 'play' || (entry & 1) === 0
}

function ruleOut(columns: Columns, slot: number, since_ms: number, scale: Scale): number {
  if (!(real(columns.seen_at_ms, slot) >= since_ms)) return codes.stale
  if (bits(columns.healthy, slot) === 0) return codes.unhealthy
  if (!scale.anywhere && bits(columns.held, slot) === 0) return codes.stream_absent
  if (!speaks(columns, slot, scale)) return codes.protocol_absent
  const closed = bits(columns.closed, slot)
  if (closed !== 0) return closed
  const cpu = real(columns.cpu_percent, slot) + scale.cpu_percent_needed
  if (cpu >= CPU_PERCENT_MAX) return codes.cpu_full
  const egress = expected(columns, slot) + real(columns.viewer, slot)
  if (egress > BANDWIDTH_RATIO_MAX * real(columns.limit, slot)) return codes.bandwidth_full
  return cpu >= CPU_PERCENT_BUSY ? codes.cpu_busy : 0
}

function speaks(columns: Columns, slot: number, { want, protocol_bit, ingest_bit }: Scale): boolean {
  if (want === 'source') return bits(columns.gives, slot) === 1
  if (want === 'ingest') return ingest_bit === 0 || (bits(columns.takes, slot) & ingest_bit) !== 0
  return protocol_bit === 0 || (bits(columns.plays, slot) & protocol_bit) !== 0
}

/** What a host will send when all who are under way to it are there. */
function expected(columns: Columns, slot: number): number {
  return known(real(columns.egress, slot)) + real(columns.pending, slot) + real(columns.own, slot)
}

/** What is unknown earns nothing, as in all of these: 0 (nothing left) to 1 (idle). */
export function cpuFree(columns: Columns, slot: number): number {
  return known(1 - real(columns.cpu_percent, slot) / 100)
}

export function memoryFree(columns: Columns, slot: number): number {
  return known(real(columns.memory_free, slot))
}

export function bandwidthFree(columns: Columns, slot: number): number {
  if (Number.isNaN(real(columns.egress, slot))) return 0
  return known(1 - expected(columns, slot) / real(columns.limit, slot))
}

/** 1 where the viewer is, 0 on the other side of the world. */
export function nearness({ x, y, z }: Columns, slot: number, [px, py, pz]: Vector): number {
  return known(1 - toAngle(real(x, slot) * px + real(y, slot) * py + real(z, slot) * pz) / Math.PI)
}

/** Neither NaN nor below nothing. */
function known(value: number): number {
  if (value >= 0) return value
  return 0
}
