import { Hono } from 'hono'
import { z } from 'zod'
import { type Context, requireNode, requireService } from '../../../shared/context.ts'
import { CommandAnswer, CommandCluster, CommandNode } from '../../../shared/contract/commands.ts'
import { ClusterId, NodeId } from '../../../shared/contract/fields.ts'
import { Fault } from '../../../shared/fault.ts'
import { body, operation, path } from '../../../shared/http/route.ts'
import type { FoghornEnv } from '../deps.ts'

const description =
  'The answer comes when every host has answered, or after `wait_ms`. Until a command expires it waits for its host.'

export const commands = new Hono<FoghornEnv>()
  .get(
    '/nodes/:id/channel',
    operation({
      summary: 'Open the command channel of a media host',
      description: 'A WebSocket with heartbeats and outcomes up and commands down, one JSON object a frame.',
      auth: 'node',
      ok: { status: 101 },
      faults: ['conflict', 'unavailable'],
    }),
    async (c) => {
      const { ctx } = c.var
      const node = requireNode(ctx)
      if (c.req.param('id') !== node.node_id) throw new Fault('forbidden', 'not_your_node', 'A host speaks for itself.')
      if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
        throw new Fault('invalid', 'upgrade_required', 'This is a WebSocket.')
      }
      const answer = await ctx.clusters.channel(node.cluster_id, node.node_id)
      if (answer.status === 101) return answer
      throw new Fault('conflict', 'cluster_full', 'The cluster has no room for another host.')
    },
  )
  .post(
    '/nodes/:id/commands',
    operation({
      summary: 'Tell a media host what to do',
      description,
      auth: 'service',
      ok: { schema: CommandAnswer },
      faults: ['not_found', 'unavailable'],
    }),
    path(z.object({ id: NodeId })),
    body(CommandNode),
    async (c) => {
      const { ctx } = c.var
      requireCommander(ctx)
      const { cluster_id, id = crypto.randomUUID(), ...order } = c.req.valid('json')
      const node_id = c.req.valid('param').id
      return c.json({ commands: await ctx.clusters.command(cluster_id, { ...order, id, node_id }) }, 200)
    },
  )
  .post(
    '/clusters/:id/commands',
    operation({
      summary: 'Tell all hosts of a cluster that have a stream what to do',
      description,
      auth: 'service',
      ok: { schema: CommandAnswer },
      faults: ['not_found', 'unavailable'],
    }),
    path(z.object({ id: ClusterId })),
    body(CommandCluster),
    async (c) => {
      const { ctx } = c.var
      requireCommander(ctx)
      const { id = crypto.randomUUID(), ...order } = c.req.valid('json')
      const cluster_id = c.req.valid('param').id
      return c.json({ commands: await ctx.clusters.command(cluster_id, { ...order, id, node_id: null }) }, 200)
    },
  )

function requireCommander(ctx: Pick<Context, 'actor'>): void {
  requireService(ctx, 'commodore', 'quartermaster')
}
