import type { IngestProtocol, Location, Protocol } from '../../shared/contract/foghorn.ts'
import type { Place } from '../../shared/events/fields.ts'
import { toFault } from '../../shared/fault.ts'
import { type Candidate, decide, type Question } from './decision/decision.ts'
import type { Fleet } from './decision/fleet.ts'
import type { Reason } from './decision/reasons.ts'
import type { Ctx } from './deps.ts'
import { toChoice, toRefused } from './pictures/choice.ts'
import { type Told, toEvent } from './play/event.ts'
import type { Caller } from './request.ts'

/** A stream that the caller may have to do with, and where. */
export interface Admitted {
  runtime_name: string
  playback_id: string
  cluster_ids: readonly string[]
  /** When the viewer's token ends, by which alone the stream is played. */
  viewer_until?: string | undefined
}

export interface Asked {
  want: Question['want']
  caller: Caller
  /** Where whoever asks is, when not where the caller is. */
  location?: Location | null
  playback_id?: string
  protocol?: Protocol | null
  ingest?: IngestProtocol | null
  /** The media host that asks for a source. */
  asker?: string
  adjust?: Question['adjust']
  cpu_percent_needed?: number
  /** Whether nobody comes of it: then no host is charged. */
  probe?: boolean
}

/** Clusters that take anybody's stream, none being named. */
export interface Unnamed {
  runtime_name: ''
  playback_id: null
  cluster_ids: readonly string[]
}

export type Chosen<A extends Admitted | Unnamed = Admitted> = A & {
  /** The best hosts, best first; none when `nearest` says why, or when there is no host at all. */
  ranked: readonly Candidate[]
  nearest: Reason | null
  /** How long a cluster has been out of reach; 0 when all answer. */
  stale_ms: number
}

/**
 * The best hosts for whoever asks, once `admit` has let them in; the first one is charged. `admit` throws the denial.
 * However it ends, Decklog is told, after the answer.
 */
export async function choose<A extends Admitted | Unnamed>(
  ctx: Ctx,
  asked: Asked,
  admit: () => Promise<A>,
): Promise<Chosen<A>> {
  const told = begin(ctx, asked)
  try {
    const admitted = await admit()
    told.stream_name = admitted.runtime_name
    told.playback_id = admitted.playback_id
    const { fleets, stale_ms } = await ctx.fleets.get(admitted.cluster_ids, ctx.defer)
    const question = toQuestion(ctx, asked, admitted, fleets)
    const started = performance.now()
    const decision = decide(fleets, question)
    told.decision_us = Math.round((performance.now() - started) * 1000)
    told.decision = decision
    const { ranked, nearest } = decision
    const [best] = ranked
    const [first] = admitted.cluster_ids
    told.outcome = best ? 'chosen' : 'no_host'
    told.reason_code = best ? null : (nearest ?? 'no_host')
    if (best && !asked.probe) ctx.fleets.sent(toChoice(best, question, admitted.playback_id), ctx.defer)
    if (!best && first) ctx.fleets.refused(toRefused(first, nearest, question, admitted.playback_id), ctx.defer)
    return { ...admitted, ranked, nearest, stale_ms }
  } catch (error) {
    const fault = toFault(error)
    told.outcome = fault.status < 500 ? 'denied' : 'unavailable'
    told.reason_code = fault.reason
    throw error
  } finally {
    ctx.decisions.add(toEvent(told), ctx.defer)
  }
}

function begin(ctx: Ctx, { want, protocol, ingest, playback_id, caller, location }: Asked): Told {
  return {
    at: ctx.now(),
    purpose: want,
    outcome: 'unavailable',
    reason_code: null,
    stream_name: '',
    playback_id: playback_id ?? null,
    protocol: protocol ?? ingest ?? null,
    place: location ? { country_code: null, city: null, ...location, h3_cell: null } : caller.place,
    decision: null,
    decision_us: 0,
  }
}

function toQuestion(ctx: Ctx, asked: Asked, admitted: Admitted | Unnamed, fleets: readonly Fleet[]): Question {
  const { want, caller, asker = null } = asked
  // A media host stands where it says; nobody knows its place better.
  const host = asker === null ? undefined : fleets.map((fleet) => fleet.get(asker)).find((found) => found !== undefined)
  return {
    want,
    stream: admitted.runtime_name,
    protocol: asked.protocol ?? null,
    ingest: asked.ingest ?? null,
    viewer: asked.location ?? host?.location ?? toLocation(caller.place),
    now_ms: ctx.now().getTime(),
    seed: asker ?? caller.address ?? ctx.request_id,
    cold: mayPull(ctx.cold, admitted),
    exclude_node_id: asker,
    adjust: asked.adjust ?? [],
    cpu_percent_needed: asked.cpu_percent_needed ?? 0,
  }
}

/** Hosts pull without a viewer's token: a stream that wants one is refused to them, unless they know each other. */
function mayPull(cold: Ctx['cold'], admitted: Admitted | Unnamed): boolean {
  const signed = 'viewer_until' in admitted && admitted.viewer_until !== undefined
  return cold === 'allow' || (cold === 'public' && !signed)
}

/** A host as whoever asked is shown it. */
export function toCandidate({ host, score, parts, distance_km }: Candidate) {
  const { node_id, cluster_id, address } = host
  return { node_id, cluster_id, host: address, score, score_parts: { ...parts }, distance_km }
}

function toLocation(place: Place | null): Location | null {
  if (place === null || place.latitude === null || place.longitude === null) return null
  return { latitude: place.latitude, longitude: place.longitude }
}
