export * as Memberships from './memberships.ts'

import type { Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { type Role, requireTenant, requireUser } from '../../../shared/context.ts'
import type { ChangeMember, Member, Membership, SwitchTenantResponse } from '../../../shared/contract/members.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import { Fault } from '../../../shared/fault.ts'
import { signUserToken, USER_TOKEN_SECONDS } from '../../../shared/identity/signer.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
import { enterTenant } from '../../../shared/postgres/database.ts'
import { auditUser } from '../accounts/audit-user.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

/** The tenants that the signed-in user belongs to, the one joined first at the top. */
export async function mine(ctx: Ctx): Promise<{ data: z.infer<typeof Membership>[] }> {
  const { user_id } = requireUser(ctx)
  return ctx.db.within({ user_id }, async (tx) => {
    const rows = await tx.selectFrom('memberships').selectAll().where('user_id', '=', user_id).execute()
    const sorted = rows.toSorted((a, b) => a.created_at.getTime() - b.created_at.getTime())
    const data = sorted.map(({ tenant_id: id, role, created_at }) => {
      return { tenant: { id, role }, joined_at: created_at.toISOString() }
    })
    return { data }
  })
}

/** An access token of the signed-in user for another tenant, in which the session goes on. */
export async function switchTo(ctx: Ctx, tenant_id: string): Promise<z.infer<typeof SwitchTenantResponse>> {
  const { user_id, session_id } = requireUser(ctx)
  return ctx.db.within({ user_id }, async (tx) => {
    const memberships = tx.selectFrom('memberships').select('role').where('user_id', '=', user_id)
    const membership = await memberships.where('tenant_id', '=', tenant_id).executeTakeFirst()
    if (!membership) throw new Fault('not_found', 'tenant_not_found', 'You belong to no such tenant.')
    const user = await tx.selectFrom('users').selectAll().where('id', '=', user_id).executeTakeFirstOrThrow()
    if (!user.active) throw new Fault('forbidden', 'account_disabled', 'The account is disabled.')
    if (session_id !== undefined) {
      const update = tx.updateTable('sessions').set({ tenant_id }).where('id', '=', session_id)
      const session = await update.where('revoked_at', 'is', null).returning('id').executeTakeFirst()
      if (!session) throw new Fault('unauthenticated', 'session_revoked', 'The session has ended; sign in again.')
    }
    const moved = { user_id, tenant_id, object_id: session_id ?? user_id }
    await auditUser(tx, ctx, { action: 'session.entered', ...moved })
    const { role } = membership
    const claims = { sub: user_id, tenant_id, role, operator: user.operator, sid: session_id }
    const access_token = await signUserToken(ctx.signer, claims)
    return { access_token, token_type: 'Bearer', expires_in: USER_TOKEN_SECONDS, tenant: { id: tenant_id, role } }
  })
}

/** Who belongs to the tenant. */
export async function list(ctx: Ctx, { limit, cursor }: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    let page = membersOf(tx, tenantId)
    if (cursor !== undefined) page = page.where('users.id', '>', decodeCursor(cursor, 1).join())
    const rows = await page
      .orderBy('users.id')
      .limit(limit + 1)
      .execute()
    const { data, next_cursor } = toPage(rows, limit, ({ user_id }) => [user_id])
    return { data: data.map(toMember), next_cursor }
  })
}

/** Gives a member another role. Only an owner makes owners or takes it from them; the last one stays. */
export async function change(
  ctx: Ctx,
  userId: string,
  { role }: z.infer<typeof ChangeMember>,
): Promise<z.infer<typeof Member>> {
  const tenantId = requireTenant(ctx, 'account:write')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const before = await hold(ctx, tx, { tenantId, userId, role })
    const update = tx.updateTable('memberships').set({ role }).where('tenant_id', '=', tenantId)
    await update.where('user_id', '=', userId).execute()
    ctx.standings.forget(userId)
    await audit(tx, ctx, { action: 'member.changed', object_id: userId, details: { from: before, to: role } })
    return toMember(await membersOf(tx, tenantId).where('users.id', '=', userId).executeTakeFirstOrThrow())
  })
}

/** Ends a membership. API tokens that the member made here stop working. */
export async function remove(ctx: Ctx, userId: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'account:write')
  await ctx.db.within({ tenant_id: tenantId }, (tx) => end(ctx, tx, { tenantId, userId }))
}

/** Ends the signed-in user's own membership. */
export async function leave(ctx: Ctx, tenantId: string): Promise<void> {
  const { user_id } = requireUser(ctx)
  await ctx.db.within({ user_id }, async (tx) => {
    const memberships = tx.selectFrom('memberships').select('role').where('user_id', '=', user_id)
    const membership = await memberships.where('tenant_id', '=', tenantId).executeTakeFirst()
    if (!membership) throw new Fault('not_found', 'tenant_not_found', 'You belong to no such tenant.')
    await enterTenant(tx, tenantId)
    await end(ctx, tx, { tenantId, userId: user_id })
  })
}

async function end(ctx: Ctx, tx: Transaction<Tables>, { tenantId, userId }: Omit<Wanted, 'role'>): Promise<void> {
  const role = await hold(ctx, tx, { tenantId, userId })
  await tx.deleteFrom('memberships').where('tenant_id', '=', tenantId).where('user_id', '=', userId).execute()
  ctx.standings.forget(userId)
  await audit(tx, ctx, { action: 'member.removed', object_id: userId, details: { role } })
}

interface Wanted {
  tenantId: string
  userId: string
  /** Null to end the membership. */
  role?: Role
}

/**
 * Locks the memberships that decide, always in one order, and says the member's role. As they are read under the lock, two owners
 * who demote each other do not leave the tenant without one.
 */
async function hold(ctx: Ctx, tx: Transaction<Tables>, { tenantId, userId, role }: Wanted): Promise<Role> {
  const actorId = ctx.actor.kind === 'user' ? ctx.actor.user_id : ''
  const deciding = tx.selectFrom('memberships').select(['user_id', 'role']).where('tenant_id', '=', tenantId)
  const rows = await deciding
    .where((row) => row.or([row('role', '=', 'owner'), row('user_id', 'in', [userId, actorId])]))
    .orderBy('user_id')
    .forUpdate()
    .execute()
  const roleOf = (id: string) => rows.find(({ user_id }) => user_id === id)?.role
  const current = roleOf(userId)
  if (current === undefined) throw new Fault('not_found', 'member_not_found', 'The tenant has no such member.')
  if (current !== 'owner' && role !== 'owner') return current
  if (roleOf(actorId) !== 'owner') throw new Fault('forbidden', 'owners_only', 'Only an owner may do this.')
  const others = rows.filter((row) => row.role === 'owner' && row.user_id !== userId)
  if (role !== 'owner' && others.length === 0) {
    throw new Fault('conflict', 'last_owner', 'A tenant keeps at least one owner; make another one first.')
  }
  return current
}

function membersOf(tx: Transaction<Tables>, tenantId: string) {
  return tx
    .selectFrom('memberships')
    .innerJoin('users', 'users.id', 'memberships.user_id')
    .select(['users.id as user_id', 'users.email', 'users.name', 'memberships.role', 'memberships.created_at'])
    .where('memberships.tenant_id', '=', tenantId)
}

interface MemberRow {
  user_id: string
  email: string
  name: string
  role: Role
  created_at: Date
}

function toMember({ created_at, ...row }: MemberRow): z.infer<typeof Member> {
  return { ...row, joined_at: created_at.toISOString() }
}
