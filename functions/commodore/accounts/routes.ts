import { Hono } from 'hono'
import {
  LoginRequest,
  LoginResponse,
  Me,
  RegisterRequest,
  RegisterResponse,
} from '../../../shared/contract/accounts.ts'
import { KeySet } from '../../../shared/contract/identity.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Accounts } from './accounts.ts'

/** How long a verifier may keep the key set; a withdrawn key stops working after it. */
const KEY_SET_SECONDS = 300

export const accounts = new Hono<AppEnv>()
  .post(
    '/auth/register',
    operation({
      summary: 'Register a user and a tenant',
      description: 'Answers the same whether or not the address was taken.',
      auth: 'none',
      ok: { status: 202, schema: RegisterResponse },
    }),
    body(RegisterRequest),
    async (c) => c.json(await Accounts.register(c.var.ctx, c.req.valid('json')), 202),
  )
  .post(
    '/auth/login',
    operation({
      summary: 'Sign in with address and password',
      auth: 'none',
      ok: { schema: LoginResponse },
      faults: ['unauthenticated', 'forbidden'],
    }),
    body(LoginRequest),
    async (c) => c.json(await Accounts.login(c.var.ctx, c.req.valid('json')), 200, { 'cache-control': 'no-store' }),
  )
  .get(
    '/me',
    operation({ summary: 'Who you are', auth: 'user', ok: { schema: Me }, faults: ['not_found'] }),
    async (c) => c.json(await Accounts.me(c.var.ctx), 200),
  )
  .get(
    '/.well-known/jwks.json',
    operation({ summary: 'The public keys of all issuers', auth: 'none', ok: { schema: KeySet } }),
    (c) => c.json(c.var.ctx.keySet, 200, { 'cache-control': `public, max-age=${KEY_SET_SECONDS}` }),
  )
