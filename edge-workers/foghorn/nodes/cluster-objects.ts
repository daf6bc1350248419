import { Fault } from '../../../shared/fault.ts'
import { CLUSTER_HEADER, type Cluster, NODE_HEADER } from '../cluster/cluster.ts'
import { within } from '../within.ts'
import type { Clusters } from './clusters.ts'
import { CLUSTER_TIMEOUT_MS } from './limits.ts'

/** The clusters' Durable Objects. */
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
