import { Hono } from 'hono'
import { Decision, DecisionPage, DecisionsQuery } from '../../../shared/contract/routing.ts'
import { query } from '../../../shared/http/route.ts'
import { describe, revalidated } from '../analytics/describe.ts'
import type { AppEnv } from '../deps.ts'
import { answerList } from '../export/list.ts'
import { listDecisions } from './decisions.ts'

export const routing = new Hono<AppEnv>()
  .use(revalidated)
  .get(
    '/decisions',
    describe('Choices of hosts, newest first, with distances and reasons', DecisionPage),
    query(DecisionsQuery),
    async (c) => answerList(c, 'decisions', c.req.valid('query'), Decision, (page) => listDecisions(c.var.ctx, page)),
  )
