import { type Context, requireNode, requireService } from '../../../shared/context.ts'
import { type EventType, eventTypes } from '../../../shared/events/catalogue.ts'
import type { EventSource } from '../../../shared/events/envelope.ts'

/** Who sends, as its token says, and what such a one may report. */
export interface Sender {
  source: EventSource
  node_id: string | null
  cluster_id: string | null
  types: ReadonlySet<EventType>
}

const ofFoghorn: ReadonlySet<EventType> = new Set(['load-balancing', 'stream-view'])
const ofNodes: ReadonlySet<EventType> = new Set(eventTypes.filter((type) => type !== 'load-balancing'))

/** The sender that calls: a media host, or Foghorn. */
export function requireSender(ctx: Pick<Context, 'actor'>): Sender {
  if (ctx.actor.kind === 'service') {
    requireService(ctx, 'foghorn')
    return { source: 'foghorn', node_id: null, cluster_id: null, types: ofFoghorn }
  }
  const { node_id, cluster_id } = requireNode(ctx)
  return { source: 'helmsman', node_id, cluster_id, types: ofNodes }
}
