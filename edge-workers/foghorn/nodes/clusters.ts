import type { HostOutcome } from '../../../shared/contract/commands.ts'
import type { Heartbeat, Weights } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { CLUSTER_HEADER, type Cluster, NODE_HEADER, type Order } from '../cluster.ts'
import type { Overview } from '../state/cluster-state.ts'
import { within } from '../within.ts'
import { CLUSTER_TIMEOUT_MS } from './limits.ts'
import type { Refresh, Snapshot } from './snapshot.ts'

/** The clusters' Durable Objects, by cluster id. */
export interface Clusters {
  /** False when the cluster has no room for another host. */
  beat(clusterId: string, nodeId: string, heartbeat: Heartbeat): Promise<boolean>
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

export function createClusters(namespace: DurableObjectNamespace<Cluster>): Clusters {
  const stub = (clusterId: string) => namespace.get(namespace.idFromName(clusterId))
  return {
    beat: (clusterId, nodeId, heartbeat) => onTime(stub(clusterId).beat(clusterId, nodeId, heartbeat)),
    refresh: (clusterId, refresh) => onTime(stub(clusterId).refresh(refresh)),
    overview: (clusterId) => onTime(stub(clusterId).overview()),
    setWeights: (clusterId, weights) => onTime(stub(clusterId).setWeights(weights)),
    hold: (clusterId, host, on) => onTime(stub(clusterId).hold(host, on)),
    command: (clusterId, order) => onTime(stub(clusterId).command(order), order.wait_ms),
    channel: (clusterId, nodeId) => {
      const headers = { upgrade: 'websocket', [CLUSTER_HEADER]: clusterId, [NODE_HEADER]: nodeId }
      return onTime(stub(clusterId).fetch('https://cluster.internal/channel', { headers }))
    },
  }
}

/** Its overload, restart or loss is nobody's mistake: what it was asked may be asked again. */
async function onTime<T>(work: Promise<T>, longer_ms = 0): Promise<T> {
  try {
    return await within(CLUSTER_TIMEOUT_MS + longer_ms, 'cluster', work)
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('unavailable', 'cluster_unavailable', 'The cluster cannot be asked now.', { cause: error })
  }
}
