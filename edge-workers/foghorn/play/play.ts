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
  const { ranked, nearest, search, stale_ms } = await chooseForViewer(ctx, { name: { playback_id }, ...request })
  const host = ranked[0]?.host
  const template = host?.templates[protocol]
  if (host === undefined || template === undefined) throw toRefusal(nearest)
  return { playback_id, protocol, url: toUrl(template, host.address, playback_id, search), ranked, search, stale_ms }
}

/** The same for who chooses among the hosts: each with its URLs of every protocol, which a redirect has no use for. */
export function toPlayAnswer({ ranked, search, ...playing }: Playing): PlayAnswer {
  const candidates = ranked.map((candidate) => ({
    ...toCandidate(candidate),
    urls: toUrls(candidate.host.templates, candidate.host.address, playing.playback_id, search),
  }))
  return { ...playing, candidates }
}

/** The hosts for a viewer whom Commodore lets in, and the query that the chosen one is to get. */
export async function chooseForViewer(
  ctx: Ctx,
  { name, protocol, search: sent, ...asked }: Viewing,
): Promise<Chosen & { search: string }> {
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
