import { Hono } from 'hono'
import { Audience, AudienceQuery, audienceFigures } from '../../../shared/contract/audience.ts'
import { Meters, MetersQuery, meterFigures } from '../../../shared/contract/meters.ts'
import { NodeMetrics, NodesQuery, nodeFigures } from '../../../shared/contract/node-metrics.ts'
import { Overview, OverviewQuery } from '../../../shared/contract/overview.ts'
import { StatusesQuery, StreamStatusPage } from '../../../shared/contract/periscope-query.ts'
import {
  Quality,
  QualityQuery,
  qualityFigures,
  Tiers,
  TiersQuery,
  tierFigures,
} from '../../../shared/contract/quality.ts'
import { Routing, RoutingQuery, routingFigures } from '../../../shared/contract/routing.ts'
import { operation, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { readMeters } from '../meters/meters.ts'
import { readNodes } from '../nodes/nodes.ts'
import { readOverview } from '../overview/overview.ts'
import { readQuality } from '../quality/quality.ts'
import { readRouting } from '../routing/decisions.ts'
import { answerSeries } from '../series/answer.ts'
import { listStatuses } from '../streams/status.ts'
import { readTiers } from '../tiers/tiers.ts'
import { readAudience } from '../viewers/viewers.ts'
import { describe, revalidated } from './describe.ts'

const overviewDescribed = operation({
  summary: 'All that a dashboard begins with',
  auth: 'tenant',
  ok: { schema: Overview, also: 304 },
  faults: ['unprocessable', 'timeout', 'unavailable'],
})

const statusesDescribed = operation({
  summary: 'The state of your streams now',
  description: 'Streams of which nothing was ever heard are not among them.',
  auth: 'tenant',
  ok: { schema: StreamStatusPage, also: 304 },
  faults: ['timeout', 'unavailable'],
})

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
  .get('/quality', describe('How well streams came in and went out', Quality), query(QualityQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'quality', input, qualityFigures, await readQuality(c.var.ctx, input))
  })
  .get('/tiers', describe('How long streams had which tracks', Tiers), query(TiersQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'tiers', input, tierFigures, await readTiers(c.var.ctx, input))
  })
  .get('/usage', describe('What streams used, by meter', Meters), query(MetersQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'usage', input, meterFigures, await readMeters(c.var.ctx, input))
  })
  .get('/nodes', describe('How your media hosts did', NodeMetrics), query(NodesQuery), async (c) => {
    const input = c.req.valid('query')
    return answerSeries(c, 'nodes', input, nodeFigures, await readNodes(c.var.ctx, input))
  })
  .get('/overview', overviewDescribed, query(OverviewQuery), async (c) =>
    c.json(await readOverview(c.var.ctx, c.req.valid('query'))),
  )
  .get('/streams', statusesDescribed, query(StatusesQuery), async (c) =>
    c.json(await listStatuses(c.var.ctx, c.req.valid('query'))),
  )
