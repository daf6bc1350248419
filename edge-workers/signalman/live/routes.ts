import { Hono } from 'hono'
import { z } from 'zod'
import type { Context } from '../../../shared/context.ts'
import { Filter, Position } from '../../../shared/contract/signalman.ts'
import { Fault } from '../../../shared/fault.ts'
import { operation, query } from '../../../shared/http/route.ts'
import { TOKEN_LENGTH_MAX } from '../../../shared/identity/verifier.ts'
import type { Deps, SignalmanEnv } from '../deps.ts'
import { describeSocket } from './asyncapi.ts'
import { callerOf, holderOf } from './visible.ts'

const Access = z.object({
  ticket: z
    .string()
    .max(TOKEN_LENGTH_MAX)
    .optional()
    .describe('Of Commodore’s `POST /signalman/tickets`, for browsers; servers send a bearer token instead'),
})

const list = (text: string) => text.split(',')
const Listed = z.object({
  types: z.string().transform(list).pipe(Filter.shape.types.unwrap()).optional().describe('Types, with commas between'),
  streams: z.string().transform(list).pipe(Filter.shape.streams.unwrap()).optional().describe('Ids of streams'),
  nodes: z.string().transform(list).pipe(Filter.shape.nodes.unwrap()).optional().describe('Ids of nodes'),
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
    throw tooMany()
  },
)

live.get(
  '/events',
  operation({
    summary: 'Hear events over plain HTTP',
    description:
      'Server-Sent Events: each message is a frame as on the socket, `snapshot`, `resumed` or `events`. `Last-Event-ID` goes on where another stream ended. A reader that is slow gets a snapshot for what it has missed; the stream ends after 15 minutes.',
    auth: 'none',
    ok: { status: 200, text: 'A stream of events', type: 'text/event-stream' },
    faults: ['unauthenticated', 'forbidden', 'rate_limited', 'unavailable'],
  }),
  query(Access.extend(Listed.shape)),
  async (c) => {
    const { ctx } = c.var
    const { ticket, types, streams, nodes } = c.req.valid('query')
    const { tenant_id, visible } = await admit(ctx, ticket)
    const hidden = types?.filter((type) => !visible.includes(type)) ?? []
    if (hidden.length > 0) throw new Fault('forbidden', 'forbidden', `You may not see ${hidden.join(', ')}.`)
    const filter = { ...(types && { types }), ...(streams && { streams }), ...(nodes && { nodes }) }
    const after = placeOf(c.req.header('last-event-id'))
    const answer = await ctx.hubs.stream(tenant_id, visible, { filter, after })
    if (answer.status !== 200) throw tooMany()
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
    return new Response(answer.body, { headers })
  },
)

let socket: ReturnType<typeof describeSocket> | undefined

live.get(
  '/asyncapi.json',
  operation({
    summary: 'The socket’s two sides, as an AsyncAPI document',
    auth: 'none',
    ok: { schema: z.looseObject({ asyncapi: z.literal('3.0.0') }) },
  }),
  (c) => {
    socket ??= describeSocket()
    return c.json(socket)
  },
)

function tooMany(): Fault {
  return new Fault('rate_limited', 'too_many_connections', 'The tenant has as many connections as it may have.')
}

/** Where a stream ended, as its last id has it; null for one that begins, or an id of somebody else's. */
function placeOf(lastEventId: string | undefined): Position | null {
  const [, epoch, seq] = /^([0-9a-f-]{36})\.(\d{1,15})$/.exec(lastEventId ?? '') ?? []
  return Position.safeParse({ epoch, seq: Number(seq) }).data ?? null
}

/** Whose events to tell, and which; a ticket is used up by it. */
async function admit(ctx: Context & Deps, ticket: string | undefined) {
  if (ticket === undefined) return callerOf(ctx)
  const read = await ctx.readTicket(ticket)
  const holder = holderOf(read)
  if (await ctx.hubs.redeem(read.tenant_id, read.id, read.until_ms)) return holder
  throw new Fault('unauthenticated', 'ticket_used', 'The ticket has been used; get another.')
}
