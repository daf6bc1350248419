import { Hono } from 'hono'
import {
  LoginResponse,
  LogoutRequest,
  RefreshRequest,
  VerifySessionRequest,
  VerifySessionResponse,
} from '../../../shared/contract/accounts.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Sessions } from './sessions.ts'
import { verifySession } from './standing.ts'

export const sessions = new Hono<AppEnv>()
  .post(
    '/auth/refresh',
    operation({
      summary: 'Go on with a session',
      description: 'Takes a refresh token once and gives the next. One that was used before ends the session.',
      auth: 'none',
      ok: { schema: LoginResponse },
      faults: ['unauthenticated', 'forbidden'],
    }),
    body(RefreshRequest),
    async (c) => {
      const answer = await Sessions.refresh(c.var.ctx, c.req.valid('json').refresh_token)
      return c.json(answer, 200, { 'cache-control': 'no-store' })
    },
  )
  .post(
    '/auth/logout',
    operation({ summary: 'End the session of a refresh token', auth: 'none', ok: { status: 204 } }),
    body(LogoutRequest),
    async (c) => {
      await Sessions.logout(c.var.ctx, c.req.valid('json').refresh_token)
      return c.body(null, 204)
    },
  )
  .post(
    '/auth/logout-all',
    operation({ summary: 'End all your sessions', auth: 'user', ok: { status: 204 } }),
    async (c) => {
      await Sessions.logoutAll(c.var.ctx)
      return c.body(null, 204)
    },
  )
  .post(
    '/sessions/verify',
    operation({
      summary: 'Say whether a user’s token is to work still, and what the user is now',
      auth: 'service',
      ok: { schema: VerifySessionResponse },
    }),
    body(VerifySessionRequest),
    async (c) => c.json(await verifySession(c.var.ctx, c.req.valid('json')), 200),
  )
