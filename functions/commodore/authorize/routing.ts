import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import type { Clock } from '../../../shared/clock.ts'
import { getTenantClusters, type TenantClusters } from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'

/** How long an answer is used without asking again: the longest that a suspended tenant goes on. */
export const ROUTING_FRESH_MS = 10_000
/** How old an answer may be by which somebody is turned away who was turned away before. */
export const ROUTING_DENIAL_FRESH_MS = 1_000
/** How old an answer may get while Quartermaster is out of reach: publishing and playing outlive it by this. */
export const ROUTING_STALE_MS = 10 * 60_000
export const ROUTING_ENTRIES_MAX = 20_000

type Answer = z.infer<typeof TenantClusters>

/** A tenant's status and the clusters that serve it; throws a retryable `Fault` when nobody can say. */
export interface Routing {
  /** Not older than so many ms unless Quartermaster is away. */
  of(tenantId: string, ageMsMax?: number): Promise<Answer>
  /**
   * For `who` is to be turned away, a cluster say. What was allowed a moment ago counts at once: the first time it is asked
   * anew, then once a second, so that many who knock do not ask for each knock.
   */
  beforeDenying(tenantId: string, who: string): Promise<Answer>
}

interface Entry {
  routing: Answer
  askedAt: number
}

/** Asks Quartermaster, remembers briefly, and lives on an older answer while Quartermaster is away. */
export function createRouting(quartermaster: Client, clock: Clock): Routing {
  const now = () => clock().getTime()
  const entries = new LRUCache<string, Entry>({
    max: ROUTING_ENTRIES_MAX,
    ttl: ROUTING_FRESH_MS,
    ttlResolution: 0,
    perf: { now },
    noDeleteOnFetchRejection: true,
    fetchMethod: async (tenant_id, older) => {
      try {
        return { routing: await call(quartermaster, getTenantClusters, { tenant_id }), askedAt: now() }
      } catch (error) {
        // Kept for another while, so that a Quartermaster that is down is not asked for every viewer.
        if (older && isAway(error) && now() - older.askedAt < ROUTING_STALE_MS) return older
        throw error
      }
    },
  })
  const deniedAt = new LRUCache<string, number>({ max: ROUTING_ENTRIES_MAX })
  const of: Routing['of'] = async (tenantId, ageMsMax = ROUTING_FRESH_MS) => {
    const known = entries.peek(tenantId)
    const forceRefresh = known !== undefined && now() - known.askedAt >= ageMsMax
    return (await entries.forceFetch(tenantId, { forceRefresh })).routing
  }
  return {
    of,
    beforeDenying: (tenantId, who) => {
      const key = `${tenantId} ${who}`
      const isKnown = now() - (deniedAt.get(key) ?? Number.NEGATIVE_INFINITY) < ROUTING_DENIAL_FRESH_MS
      if (!isKnown) deniedAt.set(key, now())
      return of(tenantId, isKnown ? ROUTING_DENIAL_FRESH_MS : 0)
    },
  }
}

function isAway(error: unknown): boolean {
  return error instanceof Fault && error.retry
}
