import type { ClusterStatus, RecentDecision, StatusAnswer } from '../../../shared/contract/foghorn-status.ts'
import type { Ctx } from '../deps.ts'
import { type OwnedCluster, ownClusters } from '../nodes/owned-clusters.ts'
import type { Recent } from '../pictures/snapshot.ts'
import { toHostStatus } from './host-status.ts'

/** How the clusters that the caller's tenant runs do. One that does not answer hides none of the others. */
export async function status(ctx: Ctx): Promise<StatusAnswer> {
  const clusters = await ownClusters(ctx, 'infrastructure:read')
  return { at: ctx.now().toISOString(), clusters: await Promise.all(clusters.map((cluster) => look(ctx, cluster))) }
}

async function look(ctx: Ctx, { cluster_id, name, kind }: OwnedCluster): Promise<ClusterStatus> {
  const seen = await ctx.clusters.overview(cluster_id).catch(() => undefined)
  return {
    cluster_id,
    name,
    kind,
    reachable: seen !== undefined,
    weights: seen?.weights ?? ctx.weights,
    hosts: (seen?.hosts ?? []).map(toHostStatus).toSorted((a, b) => (a.host < b.host ? -1 : 1)),
    recent: (seen?.recent ?? []).toSorted((a, b) => b.at_ms - a.at_ms).map(toDecision),
  }
}

function toDecision(recent: Recent): RecentDecision {
  const { want, stream, playback_id, protocol } = recent
  const decided = { at: new Date(recent.at_ms).toISOString(), want, stream, playback_id, protocol }
  if (recent.outcome === 'refused') return { outcome: 'refused', ...decided, reason: recent.reason }
  const { node_id, score, parts, distance_km } = recent
  return { outcome: 'sent', ...decided, node_id, score, score_parts: parts, distance_km }
}
