import type { HostOutcome } from '../../../shared/contract/commands.ts'
import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { CLUSTER_HEADER, type Cluster, NODE_HEADER, type Order } from '../cluster.ts'
import type { HostAge } from '../fleet.ts'
import { within } from '../within.ts'

/** How long a cluster's Durable Object may take; a viewer waits for it. */
const CLUSTER_TIMEOUT_MS = 2_000

/** The clusters' Durable Objects, by cluster id. */
export interface Clusters {
  /** False when the cluster has no room for another host. */
  beat(clusterId: string, nodeId: string, heartbeat: Heartbeat): Promise<boolean>
  snapshot(clusterId: string): Promise<HostAge[]>
  /** What became of a command, host by host; takes as long as the order waits. */
  command(clusterId: string, order: Order): Promise<HostOutcome[]>
  /** A host's channel, as the answer to its upgrade; 409 when the cluster has no room for another. */
  channel(clusterId: string, nodeId: string): Promise<Response>
}

export function createClusters(namespace: DurableObjectNamespace<Cluster>): Clusters {
  const stub = (clusterId: string) => namespace.get(namespace.idFromName(clusterId))
  return {
    beat: (clusterId, nodeId, heartbeat) => onTime(stub(clusterId).beat(clusterId, nodeId, heartbeat)),
    snapshot: (clusterId) => onTime(stub(clusterId).snapshot()),
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
