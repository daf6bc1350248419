import { Hono } from 'hono'
import {
  AuthorizeIngestRequest,
  AuthorizeIngestResponse,
  AuthorizePlaybackRequest,
  AuthorizePlaybackResponse,
} from '../../../shared/contract/commodore.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Authorize } from './authorize.ts'

const description = 'A denial is an answer like any other: 200 with `allowed: false` and a stable reason.'

export const authorize = new Hono<AppEnv>()
  .post(
    '/ingest/authorize',
    operation({
      summary: 'May who presents this stream key publish?',
      description,
      auth: 'node or service',
      ok: { schema: AuthorizeIngestResponse },
    }),
    body(AuthorizeIngestRequest),
    async (c) => c.json(await Authorize.ingest(c.var.ctx, c.req.valid('json')), 200),
  )
  .post(
    '/playback/authorize',
    operation({
      summary: 'May this stream be played, and where?',
      description: `${description} Foghorn asks for the \`rules\` of a signed stream, by which it judges its viewers itself.`,
      auth: 'node or service',
      ok: { schema: AuthorizePlaybackResponse },
    }),
    body(AuthorizePlaybackRequest),
    async (c) => c.json(await Authorize.playback(c.var.ctx, c.req.valid('json')), 200),
  )
