import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import { COMMAND_WAIT_MS_MAX, commandCluster, type Termination } from '../../../shared/contract/commands.ts'
import { ROUTING_DENIAL_FRESH_MS, type Routing } from '../authorize/routing.ts'
import { toRuntimeName } from '../streams/names.ts'

/** Who reaches media hosts: the clusters of a tenant, and the one that speaks to their hosts. */
export interface Hosts {
  routing: Routing
  foghorn: Client
}

interface Ended {
  tenant_id: string
  internal_name: string
}

interface Order {
  /** The same id is one command, however often it is sent. */
  id: string
  /** Longest wait for what the hosts say, in ms. */
  wait_ms?: number
}

/** Ends a stream wherever it runs, and says what each host made of it; 503 when not every cluster could be asked. */
export async function endEverywhere(
  { routing, foghorn }: Hosts,
  { tenant_id, internal_name }: Ended,
  { id, wait_ms = COMMAND_WAIT_MS_MAX }: Order,
): Promise<z.infer<typeof Termination>['hosts']> {
  const { cluster_ids } = await routing(tenant_id, ROUTING_DENIAL_FRESH_MS)
  const command = { kind: 'terminate_stream' as const, runtime_name: toRuntimeName(internal_name) }
  const answers = cluster_ids.map(async (cluster_id) => {
    const { commands } = await call(foghorn, commandCluster, { cluster_id, id, command, wait_ms })
    return commands.map(({ node_id, status, reason }) => ({ node_id, cluster_id, status, reason }))
  })
  return (await Promise.all(answers)).flat()
}
