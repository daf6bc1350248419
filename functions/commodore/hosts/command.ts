import type { z } from 'zod'
import { type Client, call } from '../../../shared/client/client.ts'
import {
  COMMAND_WAIT_MS_MAX,
  commandCluster,
  type StreamCommand,
  type Termination,
} from '../../../shared/contract/commands.ts'
import { Fault, toFault } from '../../../shared/fault.ts'
import { ROUTING_DENIAL_FRESH_MS, type Routing } from '../authorize/routing.ts'
import type { Ctx } from '../deps.ts'

/** How long a tenant who changes something waits for Foghorn; the outbox does it in any case. */
export const NOW_TIMEOUT_MS = 1_500

/** Who reaches media hosts: the clusters of a tenant, and the one that speaks to their hosts. */
export interface Hosts {
  routing: Routing
  foghorn: Client
}

/** What each host made of a command. */
export type Outcomes = z.infer<typeof Termination>['hosts']

interface Order {
  tenant_id: string
  command: StreamCommand
  /** The same id is one command, however often it is sent. */
  id: string
  /** Longest wait for what the hosts say, in ms. */
  wait_ms?: number | undefined
}

/** Tells all hosts that have a stream what to do, and says what each made of it; 503 when not every cluster could be asked. */
export async function commandHosts(
  { routing, foghorn }: Hosts,
  { tenant_id, command, id, wait_ms = COMMAND_WAIT_MS_MAX }: Order,
): Promise<Outcomes> {
  const { cluster_ids } = await routing.of(tenant_id, ROUTING_DENIAL_FRESH_MS)
  const answers = cluster_ids.map(async (cluster_id) => {
    const { commands } = await call(foghorn, commandCluster, { cluster_id, id, command, wait_ms })
    return commands.map(({ node_id, status, reason }) => ({ node_id, cluster_id, status, reason }))
  })
  return (await Promise.all(answers)).flat()
}

/** Tells hosts while a tenant waits, for which Foghorn gets little time; what fails, the outbox makes good by the same commands. */
export async function tellNow(ctx: Ctx, what: string, tell: (hosts: Hosts) => Promise<unknown>): Promise<void> {
  const { routing, foghorn } = ctx
  try {
    await tell({ routing, foghorn: { ...foghorn, timeoutMs: NOW_TIMEOUT_MS } })
  } catch (error) {
    ctx.log.warn('left to the outbox', { what, code: toFault(error).reason })
  }
}

/** Throws, so that the outbox tries again, unless every host says that it is done. */
export function requireDone(hosts: Outcomes): void {
  const missed = hosts.find(({ status }) => status !== 'done')
  if (!missed) return
  throw new Fault('unavailable', 'command_not_done', `${missed.node_id}: ${missed.reason ?? missed.status}.`)
}
