import { Hono } from 'hono'
import { RangeQuery, Usage } from '../../../shared/contract/periscope-query.ts'
import { operation, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { tenantUsage } from './usage.ts'

const described = operation({
  summary: 'What all of your streams used',
  auth: 'tenant',
  ok: { schema: Usage },
  faults: ['too_large', 'timeout', 'unavailable'],
})

export const usage = new Hono<AppEnv>().get('/', described, query(RangeQuery), async (c) =>
  c.json(await tenantUsage(c.var.ctx, c.req.valid('query'))),
)
