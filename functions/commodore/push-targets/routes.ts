import { Hono } from 'hono'
import { z } from 'zod'
import { PushTargetId, StreamId } from '../../../shared/contract/fields.ts'
import { Page } from '../../../shared/contract/page.ts'
import { CreatePushTarget, PushTarget, UpdatePushTarget } from '../../../shared/contract/push-targets.ts'
import { body, operation, path } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { PushTargets } from './push-targets.ts'

const ofStream = path(z.object({ id: StreamId }))
const ofTarget = path(z.object({ id: StreamId, target_id: PushTargetId }))

export const pushTargets = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Send a stream on to another platform',
      description:
        'The address is kept encrypted and must lead to the public internet. A stream that is live is sent there at once.',
      auth: 'tenant',
      ok: { status: 201, schema: PushTarget },
      faults: ['not_found', 'conflict', 'unprocessable'],
    }),
    ofStream,
    idempotencyKey(),
    body(CreatePushTarget),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      const input = { streamId: c.req.valid('param').id, input: c.req.valid('json'), key }
      return c.json(await PushTargets.create(c.var.ctx, input), 201)
    },
  )
  .get(
    '/',
    operation({
      summary: 'Where a stream is sent on to',
      auth: 'tenant',
      ok: { schema: Page(PushTarget) },
      faults: ['not_found'],
    }),
    ofStream,
    async (c) => c.json(await PushTargets.list(c.var.ctx, c.req.valid('param').id), 200),
  )
  .get(
    '/:target_id',
    operation({ summary: 'A push target', auth: 'tenant', ok: { schema: PushTarget }, faults: ['not_found'] }),
    ofTarget,
    async (c) => {
      const { id, target_id } = c.req.valid('param')
      return c.json(await PushTargets.get(c.var.ctx, id, target_id), 200)
    },
  )
  .patch(
    '/:target_id',
    operation({
      summary: 'Change a push target',
      description: 'A stream that is live follows at once: what it is sent to no longer ends, what is new begins.',
      auth: 'tenant',
      ok: { schema: PushTarget },
      faults: ['not_found', 'unprocessable'],
    }),
    ofTarget,
    body(UpdatePushTarget),
    async (c) => {
      const { id: streamId, target_id: id } = c.req.valid('param')
      return c.json(await PushTargets.update(c.var.ctx, { streamId, id, input: c.req.valid('json') }), 200)
    },
  )
  .delete(
    '/:target_id',
    operation({ summary: 'Remove a push target', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    ofTarget,
    async (c) => {
      const { id, target_id } = c.req.valid('param')
      await PushTargets.remove(c.var.ctx, id, target_id)
      return c.body(null, 204)
    },
  )
