import { Hono } from 'hono'
import { Audience, AudienceQuery, audienceFigures } from '../../../shared/contract/audience.ts'
import { query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { answerSeries } from '../series/answer.ts'
import { readAudience } from '../viewers/viewers.ts'
import { describe, revalidated } from './describe.ts'

export const analytics = new Hono<AppEnv>()
  .use(revalidated)
  .get('/viewers', describe('Viewers over time', Audience), query(AudienceQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'viewers', input, audienceFigures, await readAudience(c.var.ctx, input))
  })
