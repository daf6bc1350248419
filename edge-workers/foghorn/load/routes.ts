import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { z } from 'zod'
import { STREAM_NAME_CHARS_MAX } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import type { Front } from '../../../shared/http/caller-address.ts'
import { operation, path, query } from '../../../shared/http/route.ts'
import type { FoghornEnv } from '../deps.ts'
import { callerOf, ctxOf, isProbe, searchOf } from '../request.ts'
import { LoadQuery, StreamQuery, type Wishes, wishesInHeaders, wishesOf } from './query.ts'
import { type Asking, answer, isChange } from './questions.ts'
import { hostFor, restOf, urlFor } from './viewer.ts'

const unkept: MiddlewareHandler = async (c, next) => {
  c.header('cache-control', 'no-store')
  await next()
}

const asking = (summary: string) =>
  operation({
    summary,
    description: `MistUtilLoad's queries, one at a time: see its documentation, and the README for what is different. Text for
        \`stream\`, \`source\` and \`ingest\`, else JSON. \`source\` is for media hosts; the others are about the hosts of the
        clusters that the caller's tenant runs, or of the calling media host's own cluster.
        \`addserver\`, \`delserver\` and a change of \`weights\` need infrastructure:write, the others infrastructure:read.`,
    auth: 'tenant or node',
    ok: { schema: z.unknown(), text: 'The answer, as MistUtilLoad gives it' },
    faults: ['not_found', 'method_not_allowed', 'conflict', 'unavailable'],
  })

/** MistUtilLoad's API, as its users know it; at the end of the app, because it takes any name of one part. */
export const load = new Hono<FoghornEnv>()
  .use('/', unkept)
  .use('/:stream', unkept)
  .get('/', asking('Ask about hosts and their load'), query(LoadQuery), (c) => reply(c, c.req.valid('query')))
  .post('/', asking('The same, for what changes something'), query(LoadQuery), (c) => reply(c, c.req.valid('query')))
  .get(
    '/:stream',
    operation({
      summary: 'The best media host for a viewer, as text',
      description: `The stream goes by its playback id, or by its runtime name when everybody may play it. The answer is the host's
        name, or \`FULL\`; with \`?proto=\` a redirect (307) to the stream there, with the rest of the query.`,
      auth: 'none',
      ok: { status: 200, text: 'The name of the host, or FULL' },
      faults: ['payment_required', 'forbidden', 'not_found', 'unavailable'],
      quiet: true,
    }),
    path(z.object({ stream: z.string().max(STREAM_NAME_CHARS_MAX) })),
    query(StreamQuery),
    async (c) => {
      const { stream } = c.req.valid('param')
      const { proto, ...wishes } = c.req.valid('query')
      const search = restOf(searchOf(c), Object.keys(StreamQuery.shape))
      const request = { stream, search, ...askingOf(c, wishesOf(wishes)) }
      if (proto === undefined) return c.text(await hostFor(ctxOf(c), request))
      return c.redirect(await urlFor(ctxOf(c), proto, request), 307)
    },
  )

async function reply(c: Context<FoghornEnv>, asked: LoadQuery): Promise<Response> {
  if (isProbe(c) && isChange(asked))
    throw new Fault('method_not_allowed', 'method_not_allowed', 'HEAD changes nothing.')
  const answered = await answer(ctxOf(c), asked, askingOf(c, wishesOf(asked)))
  return 'text' in answered ? c.text(answered.text) : c.json(answered.json)
}

/** Headers that a proxy of ours adds count; through Cloudflare anybody could send them. */
function askingOf(c: Context<FoghornEnv>, wishes: Wishes): Asking {
  const own = isProxied(c.var.ctx.front) ? wishesInHeaders((name) => c.req.header(name), wishes) : wishes
  return { ...own, caller: callerOf(c), probe: isProbe(c) }
}

function isProxied(front: Front): boolean {
  return front !== 'cloudflare' && front > 0
}
