import { Hono } from 'hono'
import { z } from 'zod'
import { Page } from '../../../shared/contract/page.ts'
import {
  RegisterServiceInstance,
  ServiceInstance,
  ServiceInstanceId,
  ServiceName,
  ServiceQuery,
} from '../../../shared/contract/registry.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Services } from './services.ts'

const ofInstance = path(z.object({ name: ServiceName, id: ServiceInstanceId }))

export const services = new Hono<AppEnv>()
  .get(
    '/',
    operation({ summary: 'The services that run', auth: 'operator', ok: { schema: Page(ServiceInstance) } }),
    query(ServiceQuery),
    async (c) => c.json(await Services.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .put(
    '/:name/instances/:id',
    operation({
      summary: 'Say that an instance of your own service runs',
      description: 'Until its time to live has passed: say it again before.',
      auth: 'service',
      ok: { schema: ServiceInstance },
      faults: ['not_found', 'conflict'],
    }),
    ofInstance,
    body(RegisterServiceInstance),
    async (c) => c.json(await Services.register(c.var.ctx, c.req.valid('param'), c.req.valid('json')), 200),
  )
  .delete(
    '/:name/instances/:id',
    operation({
      summary: 'Say that an instance of your own service stops',
      auth: 'service',
      ok: { status: 204 },
      faults: ['not_found'],
    }),
    ofInstance,
    async (c) => {
      await Services.unregister(c.var.ctx, c.req.valid('param'))
      return c.body(null, 204)
    },
  )
