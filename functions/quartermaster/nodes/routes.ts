import { Hono } from 'hono'
import { z } from 'zod'
import { NodeId } from '../../../shared/contract/fields.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import {
  EnrolNodeRequest,
  EnrolNodeResponse,
  IssueNodeTokenRequest,
  IssueNodeTokenResponse,
  Node,
  ReportNodeHealthRequest,
  ReportNodeHealthResponse,
  UpdateNode,
} from '../../../shared/contract/quartermaster.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { enrol } from './enrol.ts'
import { reportHealth } from './health.ts'
import { issueToken } from './issue-token.ts'
import { Nodes } from './nodes.ts'

const ofNode = path(z.object({ id: NodeId }))

export const nodes = new Hono<AppEnv>()
  .post(
    '/enrol',
    operation({
      summary: 'Join a cluster by an enrolment token',
      description: 'The same token with the same key gets the same answer, however often.',
      auth: 'none',
      ok: { schema: EnrolNodeResponse },
      faults: ['forbidden'],
    }),
    body(EnrolNodeRequest),
    async (c) => c.json(await enrol(c.var.ctx, c.req.valid('json')), 200),
  )
  .post(
    '/token',
    operation({
      summary: 'Get a node token for an assertion signed by the node',
      description: 'Each assertion is good for one token.',
      auth: 'none',
      ok: { schema: IssueNodeTokenResponse },
      faults: ['unauthenticated', 'forbidden'],
    }),
    body(IssueNodeTokenRequest),
    async (c) => c.json(await issueToken(c.var.ctx, c.req.valid('json')), 200),
  )
  .post(
    '/health',
    operation({
      summary: 'Tell how the hosts of a cluster do',
      description: 'At most every 30 seconds. The answer says what is wanted of each: its mode.',
      auth: 'service',
      ok: { schema: ReportNodeHealthResponse },
      faults: ['not_found'],
    }),
    body(ReportNodeHealthRequest),
    async (c) => c.json(await reportHealth(c.var.ctx, c.req.valid('json')), 200),
  )
  .get(
    '/',
    operation({ summary: 'The media hosts of your clusters', auth: 'tenant', ok: { schema: Page(Node) } }),
    query(PageQuery),
    async (c) => c.json(await Nodes.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .get(
    '/:id',
    operation({ summary: 'A media host', auth: 'tenant', ok: { schema: Node }, faults: ['not_found'] }),
    ofNode,
    async (c) => c.json(await Nodes.get(c.var.ctx, c.req.valid('param').id), 200),
  )
  .patch(
    '/:id',
    operation({
      summary: 'Change, drain or disable a media host',
      auth: 'tenant',
      ok: { schema: Node },
      faults: ['not_found'],
    }),
    ofNode,
    body(UpdateNode),
    async (c) => c.json(await Nodes.update(c.var.ctx, c.req.valid('param').id, c.req.valid('json')), 200),
  )
