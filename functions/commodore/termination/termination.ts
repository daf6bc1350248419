export * as Terminations from './termination.ts'

import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import type { Termination } from '../../../shared/contract/commands.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Ctx } from '../deps.ts'
import { endEverywhere } from './endings.ts'

/** Ends what runs of a stream now. Its keys stay good: who publishes may come back. */
export async function terminate(ctx: Ctx, id: string): Promise<z.infer<typeof Termination>> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const stream = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const named = tx.selectFrom('streams').select(['tenant_id', 'internal_name']).where('tenant_id', '=', tenantId)
    const found = await named.where('id', '=', id).where('deleted_at', 'is', null).executeTakeFirst()
    if (!found) throw new Fault('not_found', 'stream_not_found', 'You have no such stream.')
    await audit(tx, ctx, { action: 'stream.terminated', object_id: id })
    return found
  })
  return { hosts: await endEverywhere(ctx, stream, { id: crypto.randomUUID() }) }
}
