import type { Client } from '../../../shared/client/client.ts'
import type { Clock } from '../../../shared/clock.ts'
import { type Answer, type AskOptions, createAnswers, type Verdict } from './answers.ts'
import { createTokenReader } from './token-reader.ts'
import { hangsOnRules, judge } from './viewer-rules.ts'

/** How long a permission is used without asking again. */
export const ALLOWED_FRESH_MS = 30_000
/** The same where revocations came along, or could not: the longest that somebody who is turned away goes on. */
export const RULES_FRESH_MS = 10_000
/** No denial is older: who was just let in must not wait for us to hear of it. */
export const DENIED_FRESH_MS = 5_000

/** A stream by one of its names and, where a token came along, the viewer to whom alone the verdict applies. */
export interface Asked {
  playback_id?: string
  runtime_name?: string
  /** A media host asks for itself: no viewer is judged. */
  source?: boolean
  token?: string | undefined
  protocol?: string | undefined
  viewer_host?: string | undefined
}

/** Commodore's verdicts on what may be played, and by whom. */
export interface Verdicts {
  /** Throws the `Fault` of the call when there is neither an answer nor a permission that is young enough. */
  get(asked: Asked, options: AskOptions): Promise<Verdict>
}

/**
 * Commodore is asked once about a stream; viewers' tokens are judged here, by the keys and revocations that it told. Only
 * where there are too many revocations to tell is it asked about each token that is good otherwise.
 */
export function createVerdicts(commodore: Client, clock: Clock): Verdicts {
  const streams = createAnswers(commodore, clock, freshMsOf)
  const viewers = createAnswers(commodore, clock, freshMsOf)
  const reader = createTokenReader()

  return {
    get: async ({ source, token, protocol, viewer_host, ...names }, options) => {
      if (source) return (await streams.get({ ...names, purpose: 'source' }, options)).verdict
      const rulesOf = { ...names, purpose: 'rules' as const }
      const presented = { token, protocol, viewer_host }
      const judged = await judgeBy(await streams.get(rulesOf, options))
      if (!judged.hanging) return judged.verdict
      return (await judgeBy(await streams.getNewer(rulesOf, DENIED_FRESH_MS, options))).verdict

      async function judgeBy({ verdict, rules }: Answer): Promise<{ verdict: Verdict; hanging: boolean }> {
        if (!verdict.allowed || !rules) return { verdict, hanging: false }
        const stream = { id: verdict.stream_id, playback_id: verdict.playback_id }
        const judgement = await judge(presented, { stream, rules, now: clock(), reader })
        if ('denial' in judgement) {
          return { verdict: { allowed: false, reason: judgement.denial }, hanging: hangsOnRules(judgement) }
        }
        if (rules.revoked === null) {
          return { verdict: (await viewers.get({ ...names, ...presented }, options)).verdict, hanging: false }
        }
        return { verdict: { ...verdict, viewer_until: judgement.until.toISOString() }, hanging: false }
      }
    },
  }
}

function freshMsOf({ verdict, rules }: Answer): number {
  if (!verdict.allowed) return DENIED_FRESH_MS
  return rules !== null || verdict.viewer_until !== undefined ? RULES_FRESH_MS : ALLOWED_FRESH_MS
}
