import { Hono } from 'hono'
import { z } from 'zod'
import type { Context } from '../../../shared/context.ts'
import { Fault } from '../../../shared/fault.ts'
import { operation, query } from '../../../shared/http/route.ts'
import { TOKEN_LENGTH_MAX } from '../../../shared/identity/verifier.ts'
import type { Deps, SignalmanEnv } from '../deps.ts'
import { callerOf, holderOf } from './visible.ts'

const Access = z.object({
  ticket: z
    .string()
    .max(TOKEN_LENGTH_MAX)
    .optional()
    .describe('Of Commodore’s `POST /signalman/tickets`, for browsers; servers send a bearer token instead'),
})

export const live = new Hono<SignalmanEnv>().get(
  '/ws',
  operation({
    summary: 'Hear events as they happen',
    description:
      'A WebSocket, one JSON object a frame; `/asyncapi.json` describes what both sides say. Whoever calls has a ticket, which lets in once, or a bearer token.',
    auth: 'none',
    ok: { status: 101 },
    faults: ['unauthenticated', 'forbidden', 'rate_limited', 'unavailable'],
  }),
  query(Access),
  async (c) => {
    const { ctx } = c.var
    if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') {
      throw new Fault('invalid', 'upgrade_required', 'This is a WebSocket.')
    }
    const { tenant_id, visible } = await admit(ctx, c.req.valid('query').ticket)
    const answer = await ctx.hubs.connect(tenant_id, visible)
    if (answer.status === 101) return answer
    throw new Fault('rate_limited', 'too_many_connections', 'The tenant has as many connections as it may have.')
  },
)

/** Whose events to tell, and which; a ticket is used up by it. */
async function admit(ctx: Context & Deps, ticket: string | undefined) {
  if (ticket === undefined) return callerOf(ctx)
  const read = await ctx.readTicket(ticket)
  const holder = holderOf(read)
  if (await ctx.hubs.redeem(read.tenant_id, read.id, read.until_ms)) return holder
  throw new Fault('unauthenticated', 'ticket_used', 'The ticket has been used; get another.')
}
