import { Hono } from 'hono'
import { z } from 'zod'
import { NodeId } from '../../../shared/contract/fields.ts'
import { NodeMetrics, NodeMetricsQuery, nodeFigures } from '../../../shared/contract/node-metrics.ts'
import { path, query } from '../../../shared/http/route.ts'
import { describe, revalidated } from '../analytics/describe.ts'
import type { AppEnv } from '../deps.ts'
import { answerSeries } from '../series/answer.ts'
import { readNode } from './nodes.ts'

export const nodes = new Hono<AppEnv>()
  .use(revalidated)
  .get(
    '/:id/metrics',
    describe('How a media host of yours did', NodeMetrics),
    path(z.object({ id: NodeId })),
    query(NodeMetricsQuery),
    async (c) => {
      const input = c.req.valid('query')
      return answerSeries(c, 'node', input, nodeFigures, await readNode(c.var.ctx, c.req.valid('param').id, input))
    },
  )
