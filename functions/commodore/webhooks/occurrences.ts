import { Hono } from 'hono'
import type { z } from 'zod'
import { requireService } from '../../../shared/context.ts'
import { Occurrence, tellTenant } from '../../../shared/contract/webhooks.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { AppEnv, Ctx } from '../deps.ts'
import { enqueueAllEndings } from '../termination/endings.ts'
import { emit } from './emit.ts'

/** Tells a tenant what another service saw, and ends what a tenant runs that may run nothing any more. */
async function tell(ctx: Ctx, { event_id, at, ...occurrence }: z.infer<typeof Occurrence>) {
  requireService(ctx, 'quartermaster')
  const now = ctx.now()
  const { tenant_id, type } = occurrence
  return ctx.db.within({ tenant_id }, async (tx) => {
    if (type === 'tenant.suspended' || type === 'tenant.unpaid') await enqueueAllEndings(tx, now, tenant_id)
    return { told: await emit(tx, { ...occurrence, at: new Date(at), heard: { event_id, at: now } }) }
  })
}

export const occurrences = new Hono<AppEnv>().post(
  '/',
  operation({
    summary: 'Tell a tenant what happened',
    description: 'The tenant’s webhook endpoints hear of it, each once for one `event_id`.',
    auth: 'service',
    ok: { schema: tellTenant.response },
  }),
  body(Occurrence),
  async (c) => c.json(await tell(c.var.ctx, c.req.valid('json')), 200),
)
