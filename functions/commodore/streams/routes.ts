import { Hono } from 'hono'
import { z } from 'zod'
import {
  CreatedStream,
  CreateStream,
  ListStreams,
  ResolveStreamsRequest,
  ResolveStreamsResponse,
  Stream,
  UpdateStream,
} from '../../../shared/contract/commodore.ts'
import { StreamId } from '../../../shared/contract/fields.ts'
import { Page } from '../../../shared/contract/page.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import { idempotencyKey } from '../../../shared/idempotency/header.ts'
import type { AppEnv } from '../deps.ts'
import { list } from './list.ts'
import { resolve } from './resolve.ts'
import { Streams } from './streams.ts'

const ofStream = path(z.object({ id: StreamId }))

export const streams = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Create a stream',
      description: 'With a first stream key, whose secret is shown this once.',
      auth: 'tenant',
      ok: { status: 201, schema: CreatedStream },
      faults: ['conflict', 'unprocessable'],
    }),
    idempotencyKey(),
    body(CreateStream),
    async (c) => {
      const key = c.req.valid('header')['idempotency-key']
      return c.json(await Streams.create(c.var.ctx, c.req.valid('json'), key), 201)
    },
  )
  .get(
    '/',
    operation({ summary: 'Your streams', auth: 'tenant', ok: { schema: Page(Stream) } }),
    query(ListStreams),
    async (c) => c.json(await list(c.var.ctx, c.req.valid('query')), 200),
  )
  .post(
    '/resolve',
    operation({ summary: 'Say whose streams are', auth: 'service', ok: { schema: ResolveStreamsResponse } }),
    body(ResolveStreamsRequest),
    async (c) => c.json(await resolve(c.var.ctx, c.req.valid('json')), 200),
  )
  .get(
    '/:id',
    operation({ summary: 'A stream', auth: 'tenant', ok: { schema: Stream }, faults: ['not_found'] }),
    ofStream,
    async (c) => c.json(await Streams.get(c.var.ctx, c.req.valid('param').id), 200),
  )
  .patch(
    '/:id',
    operation({ summary: 'Change a stream', auth: 'tenant', ok: { schema: Stream }, faults: ['not_found'] }),
    ofStream,
    body(UpdateStream),
    async (c) => c.json(await Streams.update(c.var.ctx, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  .delete(
    '/:id',
    operation({ summary: 'Delete a stream', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    ofStream,
    async (c) => {
      await Streams.remove(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
