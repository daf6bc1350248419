import { type Context, Hono } from 'hono'
import type { z } from 'zod'
import { IngestAnswer, IngestProtocol, ingestProtocols } from '../../../shared/contract/foghorn.ts'
import { Fault } from '../../../shared/fault.ts'
import { operation } from '../../../shared/http/route.ts'
import type { FoghornEnv } from '../deps.ts'
import { callerOf, ctxOf, isProbe } from '../request.ts'
import { ingest } from './ingest.ts'

const WHIP_TYPE = 'application/sdp'

const faults = ['payment_required', 'forbidden', 'not_found', 'unsupported', 'rate_limited', 'unavailable'] as const

export const ingests = new Hono<FoghornEnv>()
  .use(async (c, next) => {
    // The key is in the path and in what is answered.
    c.header('cache-control', 'no-store')
    await next()
  })
  .get(
    '/:stream_key',
    operation({
      summary: 'Find the best media hosts for a publisher',
      description: `The best hosts, best first, each with its URLs for ${ingestProtocols.join(', ')}, with the stream key in them.
        \`?protocol=\` leaves out hosts that do not take it. An address may ask 60 times a minute, 10 at once.`,
      auth: 'none',
      ok: { schema: IngestAnswer },
      faults,
    }),
    async (c) => c.json(await find(c, readProtocol(c.req.query('protocol')))),
  )
  .post(
    '/:stream_key',
    operation({
      summary: 'Publish by WHIP on the best media host',
      description: `Redirects (307) the offer, \`${WHIP_TYPE}\`, to the host's own WHIP endpoint, where it is to be sent again.`,
      auth: 'none',
      ok: { status: 307 },
      faults,
    }),
    async (c) => {
      if (!isOffer(c)) throw new Fault('unsupported', 'sdp_expected', `Send the offer as Content-Type: ${WHIP_TYPE}.`)
      const { candidates } = await find(c, 'whip')
      const url = candidates[0]?.urls.whip
      if (url === undefined) throw new Fault('not_found', 'protocol_unavailable', 'No host takes WHIP.')
      return c.redirect(url, 307)
    },
  )

async function find(c: Context<FoghornEnv>, protocol: z.infer<typeof IngestProtocol> | null) {
  const stream_key = c.req.param('stream_key') ?? ''
  const found = await ingest(ctxOf(c), { stream_key, protocol, caller: callerOf(c), probe: isProbe(c) })
  if (found.stale_ms > 0) c.header('x-stale-ms', String(found.stale_ms))
  return found
}

function readProtocol(name: string | undefined) {
  if (name === undefined || name === '') return null
  const protocol = IngestProtocol.safeParse(name.toLowerCase())
  if (protocol.success) return protocol.data
  throw new Fault('unsupported', 'protocol_unknown', `Publish by one of: ${ingestProtocols.join(', ')}.`)
}

function isOffer(c: Context<FoghornEnv>): boolean {
  return c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() === WHIP_TYPE
}
