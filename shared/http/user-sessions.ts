import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { type Client, call } from '../client/client.ts'
import type { Clock } from '../clock.ts'
import type { UserActor } from '../context.ts'
import { type VerifySessionResponse, verifySession } from '../contract/accounts.ts'
import { Fault } from '../fault.ts'

/** How long a verdict is reused: the longest that an ended session, a removed member or a disabled user goes on elsewhere. */
export const SESSION_VERDICT_MS = 10_000
export const SESSION_VERDICTS_MAX = 10_000

/** Says what the user of a good token is now; 401 with a stable reason when the token is to work no longer. */
export type ConfirmUser = (actor: UserActor) => Promise<UserActor>

type Verdict = z.infer<typeof VerifySessionResponse>

/**
 * Confirms users at Commodore, for services that have no table of sessions. While Commodore is away a token is worth what it
 * says, for the minutes that it has: what works without Commodore goes on.
 */
export function createUserConfirmer(commodore: Client, clock: Clock): ConfirmUser {
  const verdicts = new LRUCache<string, { verdict: Verdict | 'away' }, UserActor>({
    max: SESSION_VERDICTS_MAX,
    ttl: SESSION_VERDICT_MS,
    perf: { now: () => clock().getTime() },
    ttlResolution: 0,
    // Many requests of one session at once ask once.
    fetchMethod: async (_key, _older, { context: { user_id, session_id, tenant_id } }) => ({
      verdict: await call(commodore, verifySession, { user_id, session_id, tenant_id }).catch(awayOrThrow),
    }),
  })
  return async (actor) => {
    const key = JSON.stringify([actor.user_id, actor.session_id, actor.tenant_id])
    const { verdict } = await verdicts.forceFetch(key, { context: actor })
    return verdict === 'away' ? actor : toUser(actor, verdict)
  }
}

/** The user as the verdict has it; 401 when it is a refusal. */
export function toUser(actor: UserActor, verdict: Verdict): UserActor {
  if (!verdict.valid) throw new Fault('unauthenticated', verdict.reason, 'The token works no longer; sign in again.')
  return { ...actor, role: verdict.role, operator: verdict.operator }
}

function awayOrThrow(error: unknown): 'away' {
  if (error instanceof Fault && error.retry) return 'away'
  throw error
}
