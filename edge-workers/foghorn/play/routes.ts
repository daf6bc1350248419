import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { z } from 'zod'
import { PlayAnswer, protocols } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { operation } from '../../../shared/http/route.ts'
import { parse } from '../../../shared/parse.ts'
import type { FoghornEnv } from '../deps.ts'
import { toProtocol } from '../protocol.ts'
import { play } from './play.ts'
import { placeOf } from './viewer.ts'

const PlayParams = z.object({
  playback_id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not a playback id'),
  protocol: z.string().max(32).default('hls'),
})

const CORS_MAX_AGE_SECONDS = 600

export const plays = new Hono<FoghornEnv>()
  .use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'OPTIONS'],
      exposeHeaders: ['location', 'retry-after', 'x-request-id'],
      maxAge: CORS_MAX_AGE_SECONDS,
    }),
  )
  .get(
    '/:playback_id/:protocol?',
    operation({
      summary: 'Find the best media host for a viewer',
      description: `Redirects (307) to the host's own URL, or lists the best hosts with \`Accept: application/json\`.
        The protocol is one of ${protocols.join(', ')} or a usual other name of it; hls when absent.
        The query is passed on. A signed stream asks for \`?token=\`, which the host gets as \`tkn\`.`,
      auth: 'none',
      ok: { schema: PlayAnswer },
      faults: ['forbidden', 'not_found', 'unavailable'],
    }),
    async (c) => {
      const { playback_id, protocol: name } = parse(PlayParams, c.req.param())
      const protocol = toProtocol(name)
      if (!protocol) throw new Fault('not_found', 'protocol_unknown', `Play over one of: ${protocols.join(', ')}.`)
      const answer = await play(
        { ...c.var.ctx, defer: (work) => c.executionCtx.waitUntil(work) },
        {
          playback_id,
          protocol,
          search: new URL(c.req.url).search,
          address: c.var.ctx.address,
          place: placeOf(c.req.raw, c.var.ctx.front),
        },
      )
      c.header('cache-control', 'no-store')
      c.header('vary', 'accept', { append: true })
      if (c.req.header('accept')?.includes('application/json')) return c.json(answer)
      return c.redirect(answer.url, 307)
    },
  )
