import { requireTenant } from '../../../shared/context.ts'
import type { StreamStatus } from '../../../shared/contract/periscope-query.ts'
import type { Ctx } from '../deps.ts'
import { toStatuses, toStreamStatus } from './statuses.ts'

/** The state of a stream of the caller's now, over all of its hosts. */
export async function readStatus(ctx: Ctx, streamId: string): Promise<StreamStatus> {
  const tenant_id = requireTenant(ctx, 'analytics:read')
  await ctx.streams.require(tenant_id, streamId)
  const rows = await ctx.db.within({ tenant_id }, (tx) =>
    tx
      .selectFrom('stream_state')
      .select(['stream_id', 'node_id', 'cluster_id', 'aspect', 'occurred_at', 'data'])
      .where('stream_id', '=', streamId)
      .orderBy('node_id')
      .execute(),
  )
  return toStatuses(rows, ctx.now())[0] ?? { stream_id: streamId, ...toStreamStatus([]) }
}
