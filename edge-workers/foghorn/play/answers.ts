import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import type { Clock } from '../../../shared/clock.ts'
import {
  type AuthorizePlaybackRequest,
  type AuthorizePlaybackResponse,
  authorizePlayback,
} from '../../../shared/contract/commodore.ts'
import { createFlights, type Defer } from '../flight.ts'
import { type Rules, toRules } from './viewer-rules.ts'

/** How old a permission may become while Commodore is out of reach: its outage stops nobody who could play before. */
export const ALLOWED_STALE_MAX_MS = 10 * 60_000
/** After a failure, viewers with an old permission do not wait for Commodore again for so long. */
export const COMMODORE_PAUSE_MS = 5_000
/** About how much memory an isolate gives to answers: one with all revocations that may be told takes 300 thousand. */
export const ANSWERS_CHARS_MAX = 16_000_000
const PLAIN_ANSWER_CHARS = 500

export type Verdict = z.infer<typeof AuthorizePlaybackResponse>

/** One answer of Commodore. */
export interface Answer {
  verdict: Verdict
  rules: Rules | null
  at_ms: number
}

export interface AskOptions {
  requestId: string
  defer: Defer
}

/** What Commodore answered, kept for a while and shared by all who ask the same. */
export interface Answers {
  /**
   * An answer that is still fresh, or one that lets play and was good before while Commodore is away. Throws the `Fault` of
   * the call when there is neither.
   */
  get(request: z.input<typeof AuthorizePlaybackRequest>, options: AskOptions): Promise<Answer>
  /** An answer of at most `age_ms`, or the `Fault` of the call. */
  getNewer(request: z.input<typeof AuthorizePlaybackRequest>, age_ms: number, options: AskOptions): Promise<Answer>
}

/** `freshMs` says how long an answer is used without asking again. */
export function createAnswers(commodore: Client, clock: Clock, freshMs: (answer: Answer) => number): Answers {
  const nowMs = () => clock().getTime()
  const known = new LRUCache<string, Answer>({
    maxSize: ANSWERS_CHARS_MAX,
    sizeCalculation: ({ rules }, key) => PLAIN_ANSWER_CHARS + key.length + (rules?.chars ?? 0),
  })
  const flights = createFlights<Answer>()
  let pausedUntil = 0

  const ask: Answers['get'] = (request, { requestId, defer }) => {
    const key = JSON.stringify(request)
    return flights.run(key, defer, async () => {
      try {
        const answer = toAnswer(await call(commodore, authorizePlayback, request, { requestId }), nowMs())
        known.set(key, answer)
        pausedUntil = 0
        return answer
      } catch (error) {
        pausedUntil = nowMs() + COMMODORE_PAUSE_MS
        throw error
      }
    })
  }

  return {
    get: async (request, options) => {
      const now = nowMs()
      const last = known.get(JSON.stringify(request))
      if (!last || hasEnded(last, now)) return ask(request, options)
      const age = now - last.at_ms
      if (age < freshMs(last)) return last
      const mayStand = last.verdict.allowed && age < ALLOWED_STALE_MAX_MS
      if (mayStand && now < pausedUntil) return last
      try {
        return await ask(request, options)
      } catch (error) {
        if (mayStand) return last
        throw error
      }
    },
    getNewer: async (request, age_ms, options) => {
      const last = known.get(JSON.stringify(request))
      return last && nowMs() - last.at_ms < age_ms ? last : ask(request, options)
    },
  }
}

function toAnswer(response: Verdict, at_ms: number): Answer {
  if (!response.allowed) return { verdict: response, rules: null, at_ms }
  const { viewer_rules, ...verdict } = response
  return { verdict, rules: viewer_rules ? toRules(viewer_rules) : null, at_ms }
}

/** A permission ends with the token that it was given to. */
function hasEnded({ verdict }: Answer, now: number): boolean {
  return verdict.allowed && verdict.viewer_until !== undefined && now >= Date.parse(verdict.viewer_until)
}
