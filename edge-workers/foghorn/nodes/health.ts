import type { z } from 'zod'
import { call } from '../../../shared/client/client.ts'
import { systemClock } from '../../../shared/clock.ts'
import type { Heartbeat } from '../../../shared/contract/foghorn.ts'
import { type NodeMode, reportNodeHealth } from '../../../shared/contract/quartermaster.ts'
import { createServiceTokens, createSigner } from '../../../shared/identity/signer.ts'
import type { FoghornSettings } from '../config.ts'
import type { HostAge } from '../decision/fleet.ts'
import type { Reason } from '../decision/reasons.ts'
import { closedBy, crowdedBy, usageOf } from '../decision/usage.ts'

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
    const { nodes } = await call(quartermaster, reportNodeHealth, { cluster_id, nodes: toReports(hosts) })
    return nodes
  }
}

function toReports(hosts: readonly HostAge[]) {
  return hosts.map(({ node_id, age_ms, heartbeat }) => ({
    node_id,
    age_ms: Math.max(0, age_ms),
    healthy: heartbeat.healthy,
    reasons: reasonsOf(heartbeat),
  }))
}

/** What keeps viewers from a host, by what it says of itself. */
function reasonsOf(heartbeat: Heartbeat): Reason[] {
  const usage = usageOf(heartbeat)
  const full = closedBy({ ...usage, draining: heartbeat.draining, held_out: false }) ?? crowdedBy(usage)
  return [...(heartbeat.healthy ? [] : (['unhealthy'] as const)), ...(full === null ? [] : [full])]
}
