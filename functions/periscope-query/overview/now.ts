import { sql } from 'kysely'
import { requireTenant } from '../../../shared/context.ts'
import type { Overview } from '../../../shared/contract/overview.ts'
import type { Ctx } from '../deps.ts'
import { SILENCE_MS_MAX } from '../streams/host-status.ts'
import { toStatuses } from '../streams/statuses.ts'

/** The state of all of the caller's streams and media hosts now; of streams, only those that are on are looked at. */
export async function readNow(ctx: Ctx): Promise<Overview['now']> {
  const tenant_id = requireTenant(ctx, 'analytics:read')
  const now = ctx.now()
  const heardSince = new Date(now.getTime() - SILENCE_MS_MAX)
  const [registers, hosts] = await ctx.db.within({ tenant_id }, async (tx) => [
    await tx
      .selectFrom('stream_state')
      .select(['stream_id', 'node_id', 'cluster_id', 'aspect', 'occurred_at', 'data'])
      .where('aspect', '!=', 'tracks')
      .where('stream_id', 'in', (on) =>
        on
          .selectFrom('stream_state')
          .select('stream_id')
          .where('aspect', '=', 'lifecycle')
          .where(sql`data->>'status'`, '!=', 'offline'),
      )
      .execute(),
    await tx.selectFrom('node_state').select('data').where('occurred_at', '>', heardSince).execute(),
  ])
  const statuses = toStatuses(registers, now)
  return {
    at: now.toISOString(),
    streams_live: statuses.filter(({ status }) => status === 'live').length,
    streams_unknown: statuses.filter(({ status }) => status === 'unknown').length,
    viewers: statuses.reduce((sum, { viewers }) => sum + viewers, 0),
    hosts: hosts.length,
    hosts_healthy: hosts.filter(({ data }) => data.healthy).length,
  }
}
