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

/** Commodore's verdicts on who may be played, by playback id. */
export interface Verdicts {
  /** Throws the `Fault` of the call when there is neither an answer nor a permission that is young enough. */
  get(playbackId: string, options: { requestId: string; defer: Defer }): Promise<Verdict>
}

export function createVerdicts(commodore: Client, clock: Clock): Verdicts {
  const known = new LRUCache<string, { verdict: Verdict; at_ms: number }>({ max: VERDICTS_MAX })
  const flights = createFlights<Verdict>()
  let pausedUntil = 0

  async function ask(playback_id: string, requestId: string): Promise<Verdict> {
    try {
      const verdict = await call(commodore, authorizePlayback, { playback_id }, { requestId })
      known.set(playback_id, { verdict, at_ms: clock().getTime() })
      pausedUntil = 0
      return verdict
    } catch (error) {
      pausedUntil = clock().getTime() + COMMODORE_PAUSE_MS
      throw error
    }
  }

  return {
    get: async (playbackId, { requestId, defer }) => {
      const now = clock().getTime()
      const last = known.get(playbackId)
      const age = last ? now - last.at_ms : Number.POSITIVE_INFINITY
      if (last && age < (last.verdict.allowed ? ALLOWED_FRESH_MS : DENIED_FRESH_MS)) return last.verdict
      const fallback = last?.verdict.allowed && age < ALLOWED_STALE_MAX_MS ? last.verdict : undefined
      if (fallback && now < pausedUntil) return fallback
      try {
        return await flights.run(playbackId, defer, () => ask(playbackId, requestId))
      } catch (error) {
        if (fallback) return fallback
        throw error
      }
    },
  }
}
