import { Hono } from 'hono'
import { z } from 'zod'
import { TenantId, UserId } from '../../../shared/contract/fields.ts'
import {
  ChangeMember,
  Member,
  Membership,
  SwitchTenantRequest,
  SwitchTenantResponse,
} from '../../../shared/contract/members.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { Memberships } from './memberships.ts'

const MemberPath = z.object({ user_id: UserId })

export const memberships = new Hono<AppEnv>()
  .get(
    '/memberships',
    operation({
      summary: 'The tenants you belong to',
      auth: 'user',
      ok: { schema: z.object({ data: z.array(Membership) }) },
    }),
    async (c) => c.json(await Memberships.mine(c.var.ctx), 200),
  )
  .delete(
    '/memberships/:tenant_id',
    operation({
      summary: 'Leave a tenant',
      description: 'The last owner stays: 409 `last_owner`.',
      auth: 'user',
      ok: { status: 204 },
      faults: ['not_found', 'conflict'],
    }),
    path(z.object({ tenant_id: TenantId })),
    async (c) => {
      await Memberships.leave(c.var.ctx, c.req.valid('param').tenant_id)
      return c.body(null, 204)
    },
  )
  .post(
    '/auth/switch-tenant',
    operation({
      summary: 'Go on in another tenant of yours',
      auth: 'user',
      ok: { schema: SwitchTenantResponse },
      faults: ['not_found'],
    }),
    body(SwitchTenantRequest),
    async (c) => {
      const answer = await Memberships.switchTo(c.var.ctx, c.req.valid('json').tenant_id)
      return c.json(answer, 200, { 'cache-control': 'no-store' })
    },
  )
  .get(
    '/members',
    operation({ summary: 'Who belongs to your tenant', auth: 'tenant', ok: { schema: Page(Member) } }),
    query(PageQuery),
    async (c) => c.json(await Memberships.list(c.var.ctx, c.req.valid('query')), 200),
  )
  .patch(
    '/members/:user_id',
    operation({
      summary: 'Give a member another role',
      description: 'Only an owner makes owners or changes them; the last one stays: 409 `last_owner`.',
      auth: 'tenant',
      ok: { schema: Member },
      faults: ['not_found', 'conflict'],
    }),
    path(MemberPath),
    body(ChangeMember),
    async (c) => c.json(await Memberships.change(c.var.ctx, c.req.valid('param').user_id, c.req.valid('json')), 200),
  )
  .delete(
    '/members/:user_id',
    operation({
      summary: 'End a membership',
      auth: 'tenant',
      ok: { status: 204 },
      faults: ['not_found', 'conflict'],
    }),
    path(MemberPath),
    async (c) => {
      await Memberships.remove(c.var.ctx, c.req.valid('param').user_id)
      return c.body(null, 204)
    },
  )
