import { Hono } from 'hono'
import {
  ChangePasswordRequest,
  LoginRequest,
  LoginResponse,
  MailRequest,
  Me,
  RegisterRequest,
  RegisterResponse,
  ResetPasswordRequest,
  UpdateMe,
  VerifyEmailRequest,
  VerifyEmailResponse,
} from '../../../shared/contract/accounts.ts'
import { KeySet } from '../../../shared/contract/identity.ts'
import { body, operation } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Accounts } from './accounts.ts'
import { login } from './login.ts'
import { Passwords } from './passwords.ts'
import { Registrations } from './registrations.ts'

/** How long a verifier may keep the key set; a withdrawn key stops working after it. */
const KEY_SET_SECONDS = 300

export const accounts = new Hono<AppEnv>()
  .post(
    '/auth/register',
    operation({
      summary: 'Register a user and a tenant',
      description: 'Answers the same whether or not the address was taken; the mail to it tells.',
      auth: 'none',
      ok: { status: 202, schema: RegisterResponse },
      faults: ['rate_limited'],
    }),
    body(RegisterRequest),
    async (c) => c.json(await Registrations.register(c.var.ctx, c.req.valid('json')), 202),
  )
  .post(
    '/auth/login',
    operation({
      summary: 'Sign in with address and password',
      auth: 'none',
      ok: { schema: LoginResponse },
      faults: ['unauthenticated', 'forbidden', 'rate_limited'],
    }),
    body(LoginRequest),
    async (c) => c.json(await login(c.var.ctx, c.req.valid('json')), 200, { 'cache-control': 'no-store' }),
  )
  .post(
    '/auth/verify-email',
    operation({
      summary: 'Prove an address by the token that was mailed to it',
      auth: 'none',
      ok: { schema: VerifyEmailResponse },
      faults: ['unprocessable', 'rate_limited'],
    }),
    body(VerifyEmailRequest),
    async (c) => c.json(await Registrations.verify(c.var.ctx, c.req.valid('json')), 200),
  )
  .post(
    '/auth/resend-verification',
    operation({
      summary: 'Mail the token of a registration once more',
      description: 'Answers the same for an address that nobody registered.',
      auth: 'none',
      ok: { status: 204 },
      faults: ['rate_limited'],
    }),
    body(MailRequest),
    async (c) => {
      await Registrations.resend(c.var.ctx, c.req.valid('json'))
      return c.body(null, 204)
    },
  )
  .post(
    '/auth/forgot-password',
    operation({
      summary: 'Mail a token that sets a new password',
      description: 'Answers the same for an address that has no user.',
      auth: 'none',
      ok: { status: 204 },
      faults: ['rate_limited'],
    }),
    body(MailRequest),
    async (c) => {
      await Passwords.forget(c.var.ctx, c.req.valid('json'))
      return c.body(null, 204)
    },
  )
  .post(
    '/auth/reset-password',
    operation({
      summary: 'Set a new password by a mailed token; ends all sessions',
      auth: 'none',
      ok: { status: 204 },
      faults: ['unprocessable', 'rate_limited'],
    }),
    body(ResetPasswordRequest),
    async (c) => {
      await Passwords.reset(c.var.ctx, c.req.valid('json'))
      return c.body(null, 204)
    },
  )
  .patch(
    '/me',
    operation({ summary: 'Change your profile', auth: 'user', ok: { schema: Me }, faults: ['not_found'] }),
    body(UpdateMe),
    async (c) => c.json(await Accounts.update(c.var.ctx, c.req.valid('json')), 200),
  )
  .post(
    '/me/password',
    operation({
      summary: 'Change your password; ends your other sessions',
      auth: 'user',
      ok: { status: 204 },
      faults: ['rate_limited'],
    }),
    body(ChangePasswordRequest),
    async (c) => {
      await Passwords.change(c.var.ctx, c.req.valid('json'))
      return c.body(null, 204)
    },
  )
  .get(
    '/me',
    operation({ summary: 'Who you are', auth: 'user', ok: { schema: Me }, faults: ['not_found'] }),
    async (c) => c.json(await Accounts.me(c.var.ctx), 200),
  )
  .get(
    '/.well-known/jwks.json',
    operation({ summary: 'The public keys of all issuers', auth: 'none', ok: { schema: KeySet } }),
    async (c) => c.json(await c.var.ctx.keySet(), 200, { 'cache-control': `public, max-age=${KEY_SET_SECONDS}` }),
  )
