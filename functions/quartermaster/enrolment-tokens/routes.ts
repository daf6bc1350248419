import { Hono } from 'hono'
import { z } from 'zod'
import { EnrolmentTokenId } from '../../../shared/contract/fields.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import { CreatedEnrolmentToken, CreateEnrolmentToken, EnrolmentToken } from '../../../shared/contract/quartermaster.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { EnrolmentTokens } from './enrolment-tokens.ts'

export const enrolmentTokens = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create a token by which media hosts join a cluster of yours',
      auth: 'tenant',
      ok: { status: 201, schema: CreatedEnrolmentToken },
      faults: ['not_found', 'unprocessable'],
    }),
    idempotencyKey(),
    body(CreateEnrolmentToken),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      return c.json(await EnrolmentTokens.create(c.var.ctx, c.req.valid('json'), key), 201)
    },
  )
  .get(
    '/',
    operation({ summary: 'Your enrolment tokens', auth: 'tenant', ok: { schema: Page(EnrolmentToken) } }),
    query(PageQuery),
    async (c) => c.json(await EnrolmentTokens.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .delete(
    '/:id',
    operation({ summary: 'Revoke an enrolment token', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    path(z.object({ id: EnrolmentTokenId })),
    async (c) => {
      await EnrolmentTokens.revoke(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
