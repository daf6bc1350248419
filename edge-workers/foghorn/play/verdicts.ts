import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import type { Clock } from '../../../shared/clock.ts'
import { type AuthorizePlaybackResponse, authorizePlayback } from '../../../shared/contract/commodore.ts'
import { createFlights, type Defer } from '../flight.ts'

/** How long a verdict is used without asking again. */
export const ALLOWED_FRESH_MS = 30_000
export const DENIED_FRESH_MS = 5_000
/** How old a permission may become while Commodore is out of reach: its outage stops nobody who could play before. */
export const ALLOWED_STALE_MAX_MS = 10 * 60_000
/** After a failure, viewers with an old permission do not wait for Commodore again for so long. */
export const COMMODORE_PAUSE_MS = 5_000
const VERDICTS_MAX = 10_000

export type Verdict = z.infer<typeof AuthorizePlaybackResponse>

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
  get(asked: Asked, options: { requestId: string; defer: Defer }): Promise<Verdict>
}

export function createVerdicts(commodore: Client, clock: Clock): Verdicts {
  const known = new LRUCache<string, { verdict: Verdict; at_ms: number }>({ max: VERDICTS_MAX })
  const flights = createFlights<Verdict>()
  let pausedUntil = 0

  async function ask(asked: Asked, requestId: string): Promise<Verdict> {
    try {
      const { source, ...names } = asked
      const question = { ...names, ...(source && { purpose: 'source' as const }) }
      const verdict = await call(commodore, authorizePlayback, question, { requestId })
      known.set(keyOf(asked), { verdict, at_ms: clock().getTime() })
      pausedUntil = 0
      return verdict
    } catch (error) {
      pausedUntil = clock().getTime() + COMMODORE_PAUSE_MS
      throw error
    }
  }

  return {
    get: async (asked, { requestId, defer }) => {
      const now = clock().getTime()
      const key = keyOf(asked)
      const last = known.get(key)
      const age = last ? now - last.at_ms : Number.POSITIVE_INFINITY
      const ended = last !== undefined && hasEnded(last.verdict, now)
      if (last && !ended && age < (last.verdict.allowed ? ALLOWED_FRESH_MS : DENIED_FRESH_MS)) return last.verdict
      const fallback = last?.verdict.allowed && !ended && age < ALLOWED_STALE_MAX_MS ? last.verdict : undefined
      if (fallback && now < pausedUntil) return fallback
      try {
        return await flights.run(key, defer, () => ask(asked, requestId))
      } catch (error) {
        if (fallback) return fallback
        throw error
      }
    },
  }
}

function keyOf({ playback_id, runtime_name, source, token, protocol, viewer_host }: Asked): string {
  const stream = [playback_id, runtime_name, source]
  return JSON.stringify(token === undefined ? stream : [...stream, token, protocol, viewer_host])
}

/** A permission ends with the token that it was given to. */
function hasEnded(verdict: Verdict, now: number): boolean {
  return verdict.allowed && verdict.viewer_until !== undefined && now >= Date.parse(verdict.viewer_until)
}
