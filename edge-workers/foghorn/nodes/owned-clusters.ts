import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import type { Clock } from '../../../shared/clock.ts'
import { type Context, requireTenant, type Scope } from '../../../shared/context.ts'
import { getOwnedClusters, type OwnedClusters } from '../../../shared/contract/quartermaster.ts'
import { createFlights, type Defer } from '../flight.ts'

/** How long an answer is used: the longest that a new cluster is not shown. */
export const OWNED_FRESH_MS = 10_000
const TENANTS_MAX = 1_000

export type OwnedCluster = z.infer<typeof OwnedClusters>['clusters'][number]

/** Which clusters a tenant itself runs; throws the `Fault` of the call when Quartermaster cannot say. */
export type OwnedClustersOf = (
  tenantId: string,
  options: { requestId: string; defer: Defer },
) => Promise<readonly OwnedCluster[]>

export function createOwnedClusters(quartermaster: Client, clock: Clock): OwnedClustersOf {
  const known = new LRUCache<string, readonly OwnedCluster[]>({
    max: TENANTS_MAX,
    ttl: OWNED_FRESH_MS,
    perf: { now: () => clock().getTime() },
    ttlResolution: 0,
  })
  const flights = createFlights<readonly OwnedCluster[]>()
  return async (tenant_id, { requestId, defer }) => {
    const last = known.get(tenant_id)
    if (last !== undefined) return last
    return flights.run(tenant_id, defer, async () => {
      const { clusters } = await call(quartermaster, getOwnedClusters, { tenant_id }, { requestId })
      known.set(tenant_id, clusters)
      return clusters
    })
  }
}

/** The clusters that the caller may look at (`:read`) or change (`:write`): those that its tenant runs. */
export function ownClusters(
  ctx: Pick<Context, 'actor' | 'request_id'> & { ownedClusters: OwnedClustersOf; defer: Defer },
  scope: Extract<Scope, `infrastructure:${string}`>,
): Promise<readonly OwnedCluster[]> {
  const tenantId = requireTenant(ctx, scope)
  return ctx.ownedClusters(tenantId, { requestId: ctx.request_id, defer: ctx.defer })
}
