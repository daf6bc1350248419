import type { z } from 'zod'
import type { Client } from '../../../shared/client/client.ts'
import { CommandCluster, type HostOutcome } from '../../../shared/contract/commands.ts'

type Order = z.output<typeof CommandCluster> & { cluster_id: string }

/** What Foghorn is told, and how it answers, in the test's hands. */
export interface TestFoghorn {
  client: Client
  /** What clusters were told, in order. */
  orders: Order[]
  answer: (order: Order) => HostOutcome[]
}

export function openFoghorn(): TestFoghorn {
  const foghorn: TestFoghorn = {
    orders: [],
    answer: () => [],
    client: {
      service: 'foghorn',
      baseUrl: new URL('http://foghorn.test'),
      fetch: async (request) => {
        const [, cluster_id = ''] = new URL(request.url).pathname.match(/^\/clusters\/(.+)\/commands$/) ?? []
        const order = { ...CommandCluster.parse(await request.json()), cluster_id }
        foghorn.orders.push(order)
        return Response.json({ commands: foghorn.answer(order) })
      },
    },
  }
  return foghorn
}
