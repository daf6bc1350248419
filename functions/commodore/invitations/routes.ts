import { Hono } from 'hono'
import { z } from 'zod'
import { InvitationId, Tenant } from '../../../shared/contract/fields.ts'
import { AcceptInvitation, CreateInvitation, Invitation } from '../../../shared/contract/members.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Invitations } from './invitations.ts'

export const invitations = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Invite an address into your tenant',
      description: 'Answers the same whether or not the address has an account.',
      auth: 'tenant',
      ok: { status: 201, schema: Invitation },
      faults: ['conflict', 'rate_limited'],
    }),
    body(CreateInvitation),
    async (c) => c.json(await Invitations.create(c.var.ctx, c.req.valid('json')), 201),
  )
  .get(
    '/',
    operation({ summary: 'Invitations that wait', auth: 'tenant', ok: { schema: Page(Invitation) } }),
    query(PageQuery),
    async (c) => c.json(await Invitations.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .delete(
    '/:id',
    operation({ summary: 'Take an invitation back', auth: 'tenant', ok: { status: 204 }, faults: ['not_found'] }),
    path(z.object({ id: InvitationId })),
    async (c) => {
      await Invitations.revoke(c.var.ctx, c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
  .post(
    '/accept',
    operation({
      summary: 'Join a tenant by a mailed invitation',
      description: 'The signed-in user’s address must be the one that was invited.',
      auth: 'user',
      ok: { schema: Tenant },
      faults: ['unprocessable'],
    }),
    body(AcceptInvitation),
    async (c) => c.json(await Invitations.accept(c.var.ctx, c.req.valid('json').token), 200),
  )
