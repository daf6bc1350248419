import { Hono } from 'hono'
import { z } from 'zod'
import { CreatedStreamKey, CreateStreamKey, RotateStreamKey, StreamKey } from '../../../shared/contract/commodore.ts'
import { StreamId, StreamKeyId } from '../../../shared/contract/fields.ts'
import { Page } from '../../../shared/contract/page.ts'
import { body, operation, path } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { StreamKeys } from './stream-keys.ts'

const ofStream = path(z.object({ id: StreamId }))
const ofKey = path(z.object({ id: StreamId, key_id: StreamKeyId }))

export const streamKeys = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create one more key of a stream',
      description: 'Its secret is shown this once. All keys that are not revoked let publishers in.',
      auth: 'tenant',
      ok: { status: 201, schema: CreatedStreamKey },
      faults: ['not_found', 'conflict', 'unprocessable'],
    }),
    ofStream,
    idempotencyKey(),
    body(CreateStreamKey),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      const input = { streamId: c.req.valid('param').id, input: c.req.valid('json'), key }
      return c.json(await StreamKeys.create(c.var.ctx, input), 201)
    },
  )
  .get(
    '/',
    operation({
      summary: 'The keys of a stream',
      auth: 'tenant',
      ok: { schema: Page(StreamKey) },
      faults: ['not_found'],
    }),
    ofStream,
    async (c) => c.json(await StreamKeys.list(c.var.ctx, c.req.valid('param').id), 200),
  )
  .post(
    '/:key_id/rotate',
    operation({
      summary: 'Replace a key of a stream',
      description: 'The new secret is shown this once. The old one is honoured for as long as you say, then ends.',
      auth: 'tenant',
      ok: { status: 201, schema: CreatedStreamKey },
      faults: ['not_found', 'conflict', 'unprocessable'],
    }),
    ofKey,
    idempotencyKey(),
    body(RotateStreamKey),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      const { id: streamId, key_id: id } = c.req.valid('param')
      return c.json(await StreamKeys.rotate(c.var.ctx, { streamId, id, input: c.req.valid('json'), key }), 201)
    },
  )
  .delete(
    '/:key_id',
    operation({ summary: 'Revoke a key of a stream', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    ofKey,
    async (c) => {
      const { id, key_id } = c.req.valid('param')
      await StreamKeys.revoke(c.var.ctx, id, key_id)
      return c.body(null, 204)
    },
  )
