import { Hono } from 'hono'
import { z } from 'zod'
import { ClusterId } from '../../../shared/contract/fields.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import {
  Cluster,
  CreateCluster,
  ResolveClustersRequest,
  ResolveClustersResponse,
  UpdateCluster,
} from '../../../shared/contract/quartermaster.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { Clusters } from './clusters.ts'

export const clusters = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create a cluster of media hosts',
      auth: 'tenant',
      ok: { status: 201, schema: Cluster },
      faults: ['conflict', 'unprocessable'],
    }),
    idempotencyKey(),
    body(CreateCluster),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      return c.json(await Clusters.create(c.var.ctx, c.req.valid('json'), key), 201)
    },
  )
  .get(
    '/',
    operation({ summary: 'Your clusters and the platform’s', auth: 'tenant', ok: { schema: Page(Cluster) } }),
    query(PageQuery),
    async (c) => c.json(await Clusters.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .patch(
    '/:id',
    operation({ summary: 'Rename a cluster of yours', auth: 'tenant', ok: { schema: Cluster }, faults: ['not_found'] }),
    path(z.object({ id: ClusterId })),
    body(UpdateCluster),
    async (c) => c.json(await Clusters.update(c.var.ctx, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  .post(
    '/resolve',
    operation({ summary: 'Say whose clusters are', auth: 'service', ok: { schema: ResolveClustersResponse } }),
    body(ResolveClustersRequest),
    async (c) => c.json(await Clusters.resolve(c.var.ctx, c.req.valid('json')), 200),
  )
