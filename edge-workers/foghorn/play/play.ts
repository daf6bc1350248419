import type { Context } from '../../../shared/context.ts'
import type { PlayAnswer, Protocol } from '../../../shared/contract/foghorn.ts'
import type { Place } from '../../../shared/events/fields.ts'
import { toFault } from '../../../shared/fault.ts'
import { type Candidate, decide, type Question } from '../decision.ts'
import type { Deps } from '../deps.ts'
import type { Defer } from '../flight.ts'
import { toChoice, toRefused } from '../nodes/choice.ts'
import { type Templates, toUrl } from '../protocol.ts'
import { type Told, toEvent } from './event.ts'
import { toDenial, toRefusal } from './refusal.ts'
import { takeToken } from './viewer-token.ts'

export interface PlayRequest {
  playback_id: string
  protocol: Protocol
  /** `?a=b` as the viewer sent it, or empty: playback tokens travel in it. */
  search: string
  /** The viewer's address, where a trusted front tells it; it spreads viewers and binds tokens, and is kept nowhere. */
  address: string | undefined
  /** Where the viewer is, where a trusted front tells it. */
  place: Place | null
}

/** The best hosts for a viewer of `playback_id`; a `Fault` says why there is none. Either way it is told to Decklog. */
export async function play(ctx: Context & Deps & { defer: Defer }, request: PlayRequest): Promise<PlayAnswer> {
  const { playback_id, protocol, place } = request
  const told: Told = {
    at: ctx.now(),
    outcome: 'unavailable',
    reason_code: null,
    stream_name: '',
    playback_id,
    protocol,
    place,
    decision: null,
    decision_us: 0,
  }
  try {
    const { token, search } = takeToken(request.search)
    // Without a token nothing else of the viewer counts, so that all viewers share one verdict.
    const viewer = token && { token, protocol, viewer_host: request.address }
    const asked = { playback_id, ...viewer }
    const verdict = await ctx.verdicts.get(asked, { requestId: ctx.request_id, defer: ctx.defer })
    if (!verdict.allowed) {
      told.outcome = 'denied'
      throw toDenial(verdict.reason)
    }
    told.stream_name = verdict.runtime_name
    const { fleets } = await ctx.fleets.get(verdict.cluster_ids, ctx.defer)
    const started = performance.now()
    const question: Question = {
      want: 'play',
      stream: verdict.runtime_name,
      protocol,
      ingest: null,
      viewer: place && toLocation(place),
      now_ms: ctx.now().getTime(),
      seed: request.address ?? ctx.request_id,
      cold: ctx.cold,
      exclude_node_id: null,
      adjust: [],
      cpu_percent_needed: 0,
    }
    const decision = decide(fleets, question)
    told.decision_us = Math.round((performance.now() - started) * 1000)
    told.decision = decision
    const candidates = decision.ranked.map((candidate) => toCandidate(candidate, { playback_id, search }))
    const [best] = decision.ranked
    const url = candidates[0]?.urls[protocol]
    if (best === undefined || url === undefined) {
      told.outcome = 'no_host'
      const [cluster_id] = verdict.cluster_ids
      if (cluster_id) ctx.fleets.refused(toRefused(cluster_id, decision.nearest, question, playback_id), ctx.defer)
      throw toRefusal(decision.nearest)
    }
    told.outcome = 'chosen'
    ctx.fleets.sent(toChoice(best, question, playback_id), ctx.defer)
    return { playback_id, protocol, url, candidates }
  } catch (error) {
    told.reason_code = told.decision?.nearest ?? toFault(error).reason
    throw error
  } finally {
    ctx.decisions.add(toEvent(told), ctx.defer)
  }
}

function toLocation({ latitude, longitude }: { latitude: number | null; longitude: number | null }) {
  return latitude === null || longitude === null ? null : { latitude, longitude }
}

function toCandidate(
  { host, score, parts, distance_km }: Candidate,
  { playback_id, search }: Pick<PlayRequest, 'playback_id' | 'search'>,
) {
  const urls = Object.entries(host.templates).map(([protocol, template]) => [
    protocol,
    toUrl(template, host.address, playback_id, search),
  ])
  const { node_id, cluster_id, address } = host
  return {
    node_id,
    cluster_id,
    host: address,
    score,
    score_parts: { ...parts },
    distance_km,
    urls: Object.fromEntries(urls) as Templates,
  }
}
