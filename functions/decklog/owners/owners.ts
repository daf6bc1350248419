import { type Client, call } from '../../../shared/client/client.ts'
import { createLookup, type Lookup } from '../../../shared/client/lookup.ts'
import type { Clock } from '../../../shared/clock.ts'
import { RESOLVE_NAMES_MAX, resolveStreams } from '../../../shared/contract/commodore.ts'
import { RESOLVE_CLUSTERS_MAX, resolveClusters } from '../../../shared/contract/quartermaster.ts'

export interface StreamOwner {
  tenant_id: string
  stream_id: string
}

export interface ClusterOwner {
  owner_tenant_id: string
  kind: 'platform' | 'private'
}

/** Whose a stream (by internal name) or a cluster (by id) is; both throw a retryable `Fault` when nobody can say now. */
export interface Owners {
  streams: Lookup<StreamOwner>
  clusters: Lookup<ClusterOwner>
}

interface OwnersOptions {
  commodore: Client
  quartermaster: Client
  clock: Clock
}

/** Owners as Commodore and Quartermaster know them. */
export function createOwners({ commodore, quartermaster, clock }: OwnersOptions): Owners {
  return {
    streams: createLookup<StreamOwner>({
      clock,
      keysMax: RESOLVE_NAMES_MAX,
      fetch: async (internal_names) => {
        const { streams } = await call(commodore, resolveStreams, { internal_names: [...internal_names] })
        return new Map(
          streams.map(({ internal_name, tenant_id, stream_id }) => [internal_name, { tenant_id, stream_id }]),
        )
      },
    }),
    clusters: createLookup<ClusterOwner>({
      clock,
      keysMax: RESOLVE_CLUSTERS_MAX,
      fetch: async (cluster_ids) => {
        const { clusters } = await call(quartermaster, resolveClusters, { cluster_ids: [...cluster_ids] })
        return new Map(clusters.map(({ cluster_id, owner_tenant_id, kind }) => [cluster_id, { owner_tenant_id, kind }]))
      },
    }),
  }
}
