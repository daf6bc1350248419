import { Hono } from 'hono'
import { z } from 'zod'
import { WebhookDeliveryId, WebhookEndpointId } from '../../../shared/contract/fields.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import {
  CreatedWebhookEndpoint,
  CreateWebhookEndpoint,
  RotateWebhookSecret,
  UpdateWebhookEndpoint,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookSecret,
} from '../../../shared/contract/webhooks.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { WebhookDeliveries } from './deliveries.ts'
import { WebhookEndpoints } from './endpoints.ts'

const ofEndpoint = path(z.object({ id: WebhookEndpointId }))
const ofDelivery = path(z.object({ id: WebhookEndpointId, delivery_id: WebhookDeliveryId }))

export const webhookEndpoints = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create a webhook endpoint',
      description: 'Deliveries are signed as Standard Webhooks has it; the secret is shown this once.',
      auth: 'tenant',
      ok: { status: 201, schema: CreatedWebhookEndpoint },
      faults: ['conflict', 'unprocessable'],
    }),
    idempotencyKey(),
    body(CreateWebhookEndpoint),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      return c.json(await WebhookEndpoints.create(c.var.ctx, c.req.valid('json'), key), 201)
    },
  )
  .get(
    '/',
    operation({ summary: 'Your webhook endpoints', auth: 'tenant', ok: { schema: Page(WebhookEndpoint) } }),
    async (c) => c.json(await WebhookEndpoints.list(c.var.ctx), 200),
  )
  .get(
    '/:id',
    operation({
      summary: 'A webhook endpoint',
      auth: 'tenant',
      ok: { schema: WebhookEndpoint },
      faults: ['not_found'],
    }),
    ofEndpoint,
    async (c) => c.json(await WebhookEndpoints.get(c.var.ctx, c.req.valid('param').id), 200),
  )
  .patch(
    '/:id',
    operation({
      summary: 'Change, disable or enable a webhook endpoint',
      auth: 'tenant',
      ok: { schema: WebhookEndpoint },
      faults: ['not_found'],
    }),
    ofEndpoint,
    body(UpdateWebhookEndpoint),
    async (c) => c.json(await WebhookEndpoints.update(c.var.ctx, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  .delete(
    '/:id',
    operation({ summary: 'Delete a webhook endpoint', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    ofEndpoint,
    async (c) => {
      await WebhookEndpoints.remove(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
  .post(
    '/:id/rotate-secret',
    operation({
      summary: 'Sign by a new secret, and for a while by the old one too',
      auth: 'tenant',
      ok: { schema: WebhookSecret },
      faults: ['not_found'],
    }),
    ofEndpoint,
    body(RotateWebhookSecret),
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(await WebhookEndpoints.rotateSecret(c.var.ctx, id, c.req.valid('json')), 200)
    },
  )
  .post(
    '/:id/test',
    operation({
      summary: 'Send an endpoint a test event',
      auth: 'tenant',
      ok: { status: 202, schema: WebhookDelivery },
      faults: ['not_found', 'conflict'],
    }),
    ofEndpoint,
    async (c) => c.json(await WebhookDeliveries.test(c.var.ctx, c.req.valid('param').id), 202),
  )
  .get(
    '/:id/deliveries',
    operation({
      summary: 'What an endpoint was told, and how that went',
      auth: 'tenant',
      ok: { schema: Page(WebhookDelivery) },
      faults: ['not_found'],
    }),
    ofEndpoint,
    query(PageQuery),
    async (c) => c.json(await WebhookDeliveries.list(c.var.ctx, c.req.valid('param').id, c.req.valid('query')), 200),
  )
  .post(
    '/:id/deliveries/:delivery_id/resend',
    operation({
      summary: 'Send a delivery again',
      auth: 'tenant',
      ok: { status: 202, schema: WebhookDelivery },
      faults: ['not_found', 'conflict'],
    }),
    ofDelivery,
    async (c) => {
      const { id, delivery_id } = c.req.valid('param')
      return c.json(await WebhookDeliveries.resend(c.var.ctx, id, delivery_id), 202)
    },
  )
