import { Hono } from 'hono'
import { ListQuery, UnattributedPage } from '../../../shared/contract/periscope-query.ts'
import { operation, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { listUnattributed } from './unattributed.ts'

const described = operation({
  summary: 'Events that belong to nobody, newest first',
  auth: 'operator',
  ok: { schema: UnattributedPage },
  faults: ['too_large', 'timeout', 'unavailable'],
})

export const unattributed = new Hono<AppEnv>().get('/', described, query(ListQuery), async (c) =>
  c.json(await listUnattributed(c.var.ctx, c.req.valid('query'))),
)
