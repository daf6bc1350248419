import { type Context, Hono } from 'hono'
import { PlayAnswer, protocols } from '../../../shared/contract/foghorn.ts'
import { operation } from '../../../shared/http/route.ts'
import type { FoghornEnv } from '../deps.ts'
import { callerOf, ctxOf, isProbe, searchOf } from '../request.ts'
import { readPlayPath } from './path.ts'
import { play, toPlayAnswer } from './play.ts'

function playing(summary: string) {
  return operation({
    summary,
    description: `Redirects (307) to the host's own URL, or lists the best hosts with \`Accept: application/json\`.
        The protocol is one of ${protocols.join(', ')} or a usual other name of it, as a part or an ending of the path
        (\`/play/{playback_id}.m3u8\`); hls when absent.
        \`X-Stale-Ms\` says that a cluster is out of reach, and for how long.
        The query is passed on. A signed stream asks for \`?token=\`, which the host gets as \`tkn\`.`,
    auth: 'none',
    ok: { schema: PlayAnswer, also: 307 },
    faults: ['payment_required', 'forbidden', 'not_found', 'unavailable'],
    // Decklog is told of each decision.
    quiet: true,
  })
}

export const plays = new Hono<FoghornEnv>()
  .get('/:playback_id/:protocol?', playing('Find the best media host for a viewer'), answer)
  .get('/:playback_id/:protocol/:file', playing('The same by the first file of a protocol, such as index.m3u8'), answer)

async function answer(c: Context<FoghornEnv>): Promise<Response> {
  const { playback_id = '', protocol, file } = c.req.param()
  const found = await play(ctxOf(c), {
    ...readPlayPath({ playback_id, protocol, file }),
    search: searchOf(c),
    caller: callerOf(c),
    probe: isProbe(c),
  })
  c.header('cache-control', 'no-store')
  c.header('vary', 'accept', { append: true })
  if (found.stale_ms > 0) c.header('x-stale-ms', String(found.stale_ms))
  if (c.req.header('accept')?.includes('application/json')) return c.json(toPlayAnswer(found))
  return c.redirect(found.url, 307)
}
