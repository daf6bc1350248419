import type { HostOutcome } from '../../../shared/contract/commands.ts'
import type { Heartbeat, HeartbeatRefusal, Weights } from '../../../shared/contract/foghorn.ts'
import type { Overview } from '../cluster/cluster-state.ts'
import type { Order } from '../commands/order.ts'
import type { Refresh, Snapshot } from '../pictures/snapshot.ts'

/** What may be asked of clusters, by cluster id. */
export interface Clusters {
  /** Why a heartbeat is not taken; null when it is. */
  beat(clusterId: string, nodeId: string, heartbeat: Heartbeat): Promise<HeartbeatRefusal | null>
  /** Tells what an isolate has done, and hears what changed since its picture. */
  refresh(clusterId: string, refresh: Refresh): Promise<Snapshot>
  /** Hosts with their last words, and what was decided of late: for people to look at. */
  overview(clusterId: string): Promise<Overview>
  /** What counts how much in a cluster; null for the configured weights. */
  setWeights(clusterId: string, weights: Weights | null): Promise<void>
  /** Keeps hosts, by id or address, out of balancing or takes them back; the ids of those that it found. */
  hold(clusterId: string, host: string, on: boolean): Promise<string[]>
  /** What became of a command, host by host; takes as long as the order waits. */
  command(clusterId: string, order: Order): Promise<HostOutcome[]>
  /** A host's channel, as the answer to its upgrade; 409 when the cluster has no room for another. */
  channel(clusterId: string, nodeId: string): Promise<Response>
}
