import { Hono } from 'hono'
import { requireNode } from '../../../shared/context.ts'
import {
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_STALE_MS,
  Heartbeat,
  HeartbeatAnswer,
  type HeartbeatRefusal,
} from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { FoghornEnv } from '../deps.ts'

const words: Record<HeartbeatRefusal, string> = {
  cluster_full: 'The cluster has no room for another host.',
  heartbeat_replayed: 'This heartbeat, or a later one, was taken before.',
}

export const nodes = new Hono<FoghornEnv>().post(
  '/:id/heartbeat',
  operation({
    summary: 'Tell how a media host does',
    description: 'The token says which host and which cluster it is; the body is what viewers need to know of it.',
    auth: 'node',
    ok: { schema: HeartbeatAnswer },
    faults: ['conflict', 'too_large', 'unavailable'],
  }),
  body(Heartbeat),
  async (c) => {
    const { ctx } = c.var
    const node = requireNode(ctx)
    if (c.req.param('id') !== node.node_id) throw new Fault('forbidden', 'not_your_node', 'A host speaks for itself.')
    const refusal = await ctx.clusters.beat(node.cluster_id, node.node_id, c.req.valid('json'))
    if (refusal !== null) throw new Fault('conflict', refusal, words[refusal])
    return c.json({ interval_ms: HEARTBEAT_INTERVAL_MS, stale_after_ms: HEARTBEAT_STALE_MS })
  },
)
