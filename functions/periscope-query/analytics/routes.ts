import { Hono } from 'hono'
import { Audience, AudienceQuery, audienceFigures } from '../../../shared/contract/audience.ts'
import { Routing, RoutingQuery, routingFigures } from '../../../shared/contract/routing.ts'
import { query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { readRouting } from '../routing/decisions.ts'
import { answerSeries } from '../series/answer.ts'
import { readAudience } from '../viewers/viewers.ts'
import { describe, revalidated } from './describe.ts'

export const analytics = new Hono<AppEnv>()
  .use(revalidated)
  .get('/viewers', describe('Viewers over time', Audience), query(AudienceQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'viewers', input, audienceFigures, await readAudience(c.var.ctx, input))
  })
  .get('/routing', describe('How hosts were chosen', Routing), query(RoutingQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'routing', input, routingFigures, await readRouting(c.var.ctx, input))
  })
