import type { Location, PlayAnswer, Protocol } from '../../../shared/contract/foghorn.ts'
import { type Chosen, choose, toCandidate } from '../choose.ts'
import type { Candidate, Question } from '../decision/decision.ts'
import type { Ctx } from '../deps.ts'
import { toUrl, toUrls } from '../protocol.ts'
import type { Caller } from '../request.ts'
import { toDenial, toRefusal } from './refusal.ts'
import { takeToken } from './viewer-token.ts'

/** A viewer of a stream, by one of its names. */
export interface Viewing {
  name: { playback_id: string } | { runtime_name: string }
  /** Null where any will do. */
  protocol: Protocol | null
  /** `?a=b` as the viewer sent it, or empty: playback tokens travel in it. */
  search: string
  caller: Caller
  /** Where the viewer is, when not where the caller is. */
  location?: Location | null
  adjust?: Question['adjust']
  probe: boolean
}

export interface PlayRequest extends Omit<Viewing, 'name'> {
  playback_id: string
  protocol: Protocol
}

/** Where a viewer goes. */
export interface Playing extends Omit<PlayAnswer, 'candidates'> {
  ranked: readonly Candidate[]
  /** The query that hosts are to get. */
  search: string
}

/** The best host for a viewer of `playback_id`, and the next best; a `Fault` says why there is none. */
export async function play(ctx: Ctx, { playback_id, ...request }: PlayRequest): Promise<Playing> {
  const { protocol } = request
  const chosen = await chooseForViewer(ctx, { name: { playback_id }, ...request })
  const { ranked, search, stale_ms } = chosen
  return { playback_id, protocol, url: urlOnBest(chosen, protocol, playback_id), ranked, search, stale_ms }
}

/** The URL of a stream, by its playback id, on the best host; a `Fault` says why there is none. */
export function urlOnBest(
  { ranked, nearest, search }: ChosenForViewer,
  protocol: Protocol,
  playback_id: string,
): string {
  const host = ranked[0]?.host
  const template = host?.templates[protocol]
  if (host === undefined || template === undefined) throw toRefusal(nearest)
  return toUrl(template, host.address, playback_id, search)
}

/** The same for who chooses among the hosts: each with its URLs of every protocol, which a redirect has no use for. */
export function toPlayAnswer({ ranked, search, ...playing }: Playing): PlayAnswer {
  const candidates = ranked.map((candidate) => ({
    ...toCandidate(candidate),
    urls: toUrls(candidate.host.templates, candidate.host.address, playing.playback_id, search),
  }))
  return { ...playing, candidates }
}

/** Hosts for a viewer, and the query that the chosen one is to get. */
type ChosenForViewer = Chosen & { search: string }

/** The hosts for a viewer whom Commodore lets in. */
export async function chooseForViewer(
  ctx: Ctx,
  { name, protocol, search: sent, ...asked }: Viewing,
): Promise<ChosenForViewer> {
  const { token, search } = takeToken(sent)
  // Without a token nothing else of the viewer counts, so that all viewers share one verdict.
  const viewer = token && { token, protocol: protocol ?? undefined, viewer_host: asked.caller.address }
  const chosen = await choose(ctx, { want: 'play', protocol, ...name, ...asked }, async () => {
    const verdict = await ctx.verdicts.get({ ...name, ...viewer }, { requestId: ctx.request_id, defer: ctx.defer })
    if (!verdict.allowed) throw toDenial(verdict.reason)
    return verdict
  })
  return { ...chosen, search }
}
