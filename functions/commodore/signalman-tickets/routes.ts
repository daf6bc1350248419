import { Hono } from 'hono'
import { IssuedTicket } from '../../../shared/contract/signalman.ts'
import { operation } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { issueTicket } from './signalman-tickets.ts'

export const signalmanTickets = new Hono<AppEnv>().post(
  '/',
  operation({
    summary: 'Get a ticket for live events',
    description:
      'For a browser, which cannot send a token with a WebSocket. It lets in once, within seconds, as whoever asked for it.',
    auth: 'tenant',
    ok: { status: 201, schema: IssuedTicket },
  }),
  async (c) => c.json(await issueTicket(c.var.ctx), 201, { 'cache-control': 'no-store' }),
)
