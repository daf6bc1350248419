import { Hono } from 'hono'
import { Usage, UsageChanges, UsageChangesQuery, UsageQuery } from '../../../shared/contract/periscope-query.ts'
import { operation, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { listUsageChanges } from './changes.ts'
import { tenantUsage } from './usage.ts'

const described = operation({
  summary: 'What all of your streams used',
  auth: 'tenant',
  ok: { schema: Usage },
  faults: ['unprocessable', 'timeout', 'unavailable'],
})

const changesDescribed = operation({
  summary: 'Windows of usage that changed, oldest change first',
  description:
    'For billing. A window is five minutes of one tenant; what ended in it counts in it. It changes when a fact arrives, however late, and when an end that was made up is replaced by the real one. A change is told a minute after it happened and kept for 90 days.',
  auth: 'service',
  ok: { schema: UsageChanges },
  faults: ['too_large', 'timeout', 'unavailable'],
})

export const usage = new Hono<AppEnv>()
  .get('/', described, query(UsageQuery), async (c) => c.json(await tenantUsage(c.var.ctx, c.req.valid('query'))))
  .get('/changes', changesDescribed, query(UsageChangesQuery), async (c) =>
    c.json(await listUsageChanges(c.var.ctx, c.req.valid('query'))),
  )
