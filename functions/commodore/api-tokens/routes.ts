import { Hono } from 'hono'
import { z } from 'zod'
import {
  ApiToken,
  CreateApiToken,
  CreatedApiToken,
  VerifyApiTokenRequest,
  VerifyApiTokenResponse,
} from '../../../shared/contract/commodore.ts'
import { ApiTokenId } from '../../../shared/contract/fields.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { ApiTokens } from './api-tokens.ts'
import { verify } from './verify.ts'

export const apiTokens = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create an API token',
      description: 'Its secret is shown this once. Only a signed-in user makes tokens.',
      auth: 'user',
      ok: { status: 201, schema: CreatedApiToken },
      faults: ['unprocessable'],
    }),
    idempotencyKey(),
    body(CreateApiToken),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      return c.json(await ApiTokens.create(c.var.ctx, c.req.valid('json'), key), 201)
    },
  )
  .get(
    '/',
    operation({ summary: 'Your API tokens', auth: 'tenant', ok: { schema: Page(ApiToken) } }),
    query(PageQuery),
    async (c) => c.json(await ApiTokens.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .delete(
    '/:id',
    operation({ summary: 'Revoke an API token', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    path(z.object({ id: ApiTokenId })),
    async (c) => {
      await ApiTokens.revoke(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
  .post(
    '/verify',
    operation({
      summary: 'Say whose an API token is and what it may do',
      auth: 'service',
      ok: { schema: VerifyApiTokenResponse },
    }),
    body(VerifyApiTokenRequest),
    async (c) => c.json(await verify(c.var.ctx, c.req.valid('json')), 200),
  )
