import { Hono } from 'hono'
import { z } from 'zod'
import { requireService } from '../../../shared/context.ts'
import { TenantId } from '../../../shared/contract/fields.ts'
import { feedHub } from '../../../shared/contract/signalman.ts'
import { body, operation, path } from '../../../shared/http/route.ts'
import type { SignalmanEnv } from '../deps.ts'

export const feed = new Hono<SignalmanEnv>().post(
  '/:tenant_id',
  operation({
    summary: 'Bring a tenant’s events',
    description: 'In the order of the log. What was brought before is passed over.',
    auth: 'service',
    ok: { schema: feedHub.response },
    faults: ['unavailable', 'too_large'],
    quiet: true,
  }),
  path(z.object({ tenant_id: TenantId })),
  body(feedHub.request.omit({ tenant_id: true })),
  async (c) => {
    const { ctx } = c.var
    requireService(ctx, 'signalman-feed')
    const taken = await ctx.hubs.feed(c.req.valid('param').tenant_id, c.req.valid('json').events)
    return c.json({ taken }, 200)
  },
)
