import { Fault } from '../../../shared/fault.ts'
import type { HostOverview } from '../cluster/cluster-state.ts'
import type { Ctx } from '../deps.ts'
import { ownClusters } from '../nodes/owned-clusters.ts'
import type { LoadQuery } from './query.ts'

type Filter = Pick<LoadQuery, 'cluster'>

/** The clusters that the caller may look at: a media host its own, anybody else those that the tenant runs. */
export async function readable(ctx: Ctx, filter: Filter): Promise<string[]> {
  const { actor } = ctx
  if (actor.kind === 'node') return only([actor.cluster_id], filter)
  return only(idsOf(await ownClusters(ctx, 'infrastructure:read')), filter)
}

/** The clusters that the caller may change: those that the tenant runs. */
export async function writable(ctx: Ctx, filter: Filter): Promise<string[]> {
  return only(idsOf(await ownClusters(ctx, 'infrastructure:write')), filter)
}

/** The hosts of the clusters that the caller may look at. */
export async function hostsOf(ctx: Ctx, filter: Filter): Promise<HostOverview[]> {
  const overviews = await Promise.all((await readable(ctx, filter)).map((id) => ctx.clusters.overview(id)))
  return overviews.flatMap(({ hosts }) => hosts)
}

function idsOf(clusters: readonly { cluster_id: string }[]): string[] {
  return clusters.map(({ cluster_id }) => cluster_id)
}

function only(ids: string[], { cluster }: Filter): string[] {
  if (cluster === undefined) return ids
  if (ids.includes(cluster)) return [cluster]
  throw new Fault('not_found', 'cluster_not_found', 'You run no such cluster.')
}
