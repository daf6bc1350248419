export * as Nodes from './nodes.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import { HEALTH_SILENT_MS, type Node, type UpdateNode } from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

type Info = z.infer<typeof Node>

/** The hosts of the caller's own clusters, newest first. */
export async function list(ctx: Ctx, page: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'infrastructure:read')
  return ctx.db.read({ tenant_id: tenantId }, (tx) => {
    const own = tx.selectFrom('nodes').selectAll().where('tenant_id', '=', tenantId)
    return newestFirst(own, page, (row) => toInfo(row, ctx.now()))
  })
}

export async function get(ctx: Ctx, id: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'infrastructure:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const query = tx.selectFrom('nodes').selectAll().where('tenant_id', '=', tenantId)
    return found(await query.where('id', '=', id).executeTakeFirst(), ctx.now())
  })
}

/** Changes what is said of a host; a disabled one gets no more tokens, so it is out within a token's life. */
export async function update(ctx: Ctx, id: string, input: z.infer<typeof UpdateNode>): Promise<Info> {
  const tenantId = requireTenant(ctx, 'infrastructure:write')
  const { location, ...changes } = input
  const columns = { ...changes, ...(location && { location: JSON.stringify(location) }) }
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const change = tx.updateTable('nodes').set(columns).where('tenant_id', '=', tenantId).where('id', '=', id)
    const info = found(await change.returningAll().executeTakeFirst(), ctx.now())
    await audit(tx, ctx, { action: 'node.updated', object_id: id, details: input })
    return info
  })
}

function found(row: Selectable<Tables['nodes']> | undefined, now: Date): Info {
  if (!row) throw new Fault('not_found', 'node_not_found', 'You have no such node.')
  return toInfo(row, now)
}

function toInfo(row: Selectable<Tables['nodes']>, now: Date): Info {
  const { id, cluster_id, name, mode, address, location } = row
  const times = { last_seen_at: row.last_seen_at?.toISOString() ?? null, created_at: row.created_at.toISOString() }
  return { id, cluster_id, name, mode, ...healthOf(row, now), address, location, ...times }
}

/** Nobody reports that a host has fallen silent: its last report grows old. */
function healthOf({ healthy, health_reasons, health_at }: Selectable<Tables['nodes']>, now: Date) {
  const isSilent = health_at !== null && now.getTime() - health_at.getTime() > HEALTH_SILENT_MS
  return isSilent ? { healthy: false, health_reasons: ['silent'] } : { healthy, health_reasons }
}
