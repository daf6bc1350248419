import type { z } from 'zod'
import { call } from '../../../shared/client/client.ts'
import { systemClock } from '../../../shared/clock.ts'
import { type NodeMode, reportNodeHealth } from '../../../shared/contract/quartermaster.ts'
import { createServiceTokens, createSigner } from '../../../shared/identity/signer.ts'
import type { FoghornSettings } from '../config.ts'
import { type HostAge, toFleet } from '../fleet.ts'

/** What is wanted of a host. */
export interface Wanted {
  node_id: string
  mode: z.infer<typeof NodeMode>
}

/** Tells Quartermaster how the hosts of a cluster do; resolves to what is wanted of those that it knows. */
export type ReportHealth = (clusterId: string, hosts: readonly HostAge[]) => Promise<Wanted[]>

export function createReportHealth({ config, secrets }: FoghornSettings): ReportHealth {
  const token = createServiceTokens(createSigner(secrets.IDENTITY_KEY, systemClock), 'quartermaster', systemClock)
  const quartermaster = { service: 'quartermaster', baseUrl: config.QUARTERMASTER_URL, token }
  return async (cluster_id, hosts) => {
    const { nodes } = await call(quartermaster, reportNodeHealth, { cluster_id, nodes: toReports(cluster_id, hosts) })
    return nodes
  }
}

function toReports(cluster_id: string, hosts: readonly HostAge[]) {
  const ages = new Map(hosts.map(({ node_id, age_ms }) => [node_id, age_ms]))
  const fleet = toFleet(hosts.map(({ node_id, heartbeat }) => ({ node_id, cluster_id, seen_at_ms: 0, heartbeat })))
  return fleet.hosts.map(({ node_id, healthy, closed }) => ({
    node_id,
    age_ms: Math.max(0, ages.get(node_id) ?? 0),
    healthy,
    reasons: [...(healthy ? [] : ['unhealthy']), ...(closed === null ? [] : [closed])],
  }))
}
