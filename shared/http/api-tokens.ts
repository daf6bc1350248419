import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { type Client, call } from '../client/client.ts'
import type { Clock } from '../clock.ts'
import type { Actor } from '../context.ts'
import { PRESENTED_LENGTH_MAX, type VerifyApiTokenResponse, verifyApiToken } from '../contract/commodore.ts'
import { Fault } from '../fault.ts'

/** How long a verdict is reused: the longest that a revoked token goes on working. */
export const API_TOKEN_VERDICT_MS = 10_000
export const API_TOKEN_VERDICTS_MAX = 10_000

type Verdict = z.infer<typeof VerifyApiTokenResponse>

/** Verifies API tokens at Commodore, for services that have no table of them; 401 with a stable reason if not valid. */
export function createApiTokenVerifier(commodore: Client, clock: Clock): (token: string) => Promise<Actor> {
  const verdicts = new LRUCache<string, Verdict>({
    max: API_TOKEN_VERDICTS_MAX,
    ttl: API_TOKEN_VERDICT_MS,
    perf: { now: () => clock().getTime() },
    ttlResolution: 0,
    // Many requests with one token at once ask once.
    fetchMethod: (token) => call(commodore, verifyApiToken, { token }),
  })
  return async (token) => {
    if (token.length > PRESENTED_LENGTH_MAX) throw invalidApiToken('api_token_unknown')
    return toActor(await verdicts.forceFetch(token), clock)
  }
}

/** The actor that a verdict names; 401 when it is a refusal or has run out since. */
export function toActor(verdict: Verdict, clock: Clock): Actor {
  if (!verdict.valid) throw invalidApiToken(verdict.reason)
  const { token_id, tenant_id, scopes, operator, expires_at } = verdict
  if (expires_at !== null && clock() >= new Date(expires_at)) throw invalidApiToken('api_token_expired')
  return { kind: 'api_token', token_id, tenant_id, scopes, operator }
}

function invalidApiToken(reason: string): Fault {
  return new Fault('unauthenticated', reason, 'The API token is not valid.')
}
