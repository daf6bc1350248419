import { Hono } from 'hono'
import { z } from 'zod'
import { PlaybackRevocationId } from '../../../shared/contract/fields.ts'
import { Page } from '../../../shared/contract/page.ts'
import {
  CreatePlaybackRevocation,
  ListPlaybackRevocations,
  PlaybackRevocation,
} from '../../../shared/contract/playback.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { PlaybackRevocations } from './playback-revocations.ts'

export const playbackRevocations = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Turn away a viewer, a signing key or a token',
      description:
        'From signed streams: who watches is cut off at once, nobody is let in any more. Said again, it is the same revocation with a new end.',
      auth: 'tenant',
      ok: { status: 201, schema: PlaybackRevocation },
      faults: ['not_found', 'conflict'],
    }),
    body(CreatePlaybackRevocation),
    async (c) => c.json(await PlaybackRevocations.create(c.var.ctx, c.req.valid('json')), 201),
  )
  .get(
    '/',
    operation({ summary: 'Who and what is turned away', auth: 'tenant', ok: { schema: Page(PlaybackRevocation) } }),
    query(ListPlaybackRevocations),
    async (c) => c.json(await PlaybackRevocations.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .delete(
    '/:id',
    operation({ summary: 'Take a revocation back', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    path(z.object({ id: PlaybackRevocationId })),
    async (c) => {
      await PlaybackRevocations.remove(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
