export * as Invitations from './invitations.ts'

import { type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant, requireUser } from '../../../shared/context.ts'
import { type CreateInvitation, INVITATIONS_MAX, type Invitation } from '../../../shared/contract/members.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import { Fault } from '../../../shared/fault.ts'
import { newId } from '../../../shared/ids.ts'
import { enqueue } from '../../../shared/outbox/enqueue.ts'
import { enterTenant, enterUser, violates } from '../../../shared/postgres/database.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { INVITE_OF_TENANT } from '../throttle/allowances.ts'
import { take } from '../throttle/throttle.ts'

/** How long an invitation can be accepted. */
export const INVITATION_DAYS = 7

type Info = z.infer<typeof Invitation>

/** Invites an address into the tenant, by mail; whether it has a user is not looked at. */
export async function create(ctx: Ctx, { email, role }: z.infer<typeof CreateInvitation>): Promise<Info> {
  const tenantId = requireTenant(ctx, 'account:write')
  if (role === 'owner' && !(ctx.actor.kind === 'user' && ctx.actor.role === 'owner')) {
    throw new Fault('forbidden', 'owners_only', 'Only an owner may do this.')
  }
  await take(ctx, { allowance: INVITE_OF_TENANT, subject: tenantId })
  const now = ctx.now()
  const expires_at = new Date(now.getTime() + INVITATION_DAYS * 86_400_000)
  const row = { id: newId('invitation'), tenant_id: tenantId, email, role, created_at: now, expires_at }
  return ctx.db
    .within({ tenant_id: tenantId }, async (tx) => {
      // One at a time for each tenant, so that the count holds.
      await sql`select pg_advisory_xact_lock(hashtextextended(${`invitations:${tenantId}`}, 0))`.execute(tx)
      const expired = tx.updateTable('invitations').set({ revoked_at: now }).where('tenant_id', '=', tenantId)
      await expired
        .where('expires_at', '<=', now)
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        .execute()
      const member = tx
        .selectFrom('memberships')
        .innerJoin('users', 'users.id', 'memberships.user_id')
        .select('users.id')
      if (await member.where('memberships.tenant_id', '=', tenantId).where('email', '=', email).executeTakeFirst()) {
        throw new Fault('conflict', 'already_member', 'The address belongs to a member of the tenant.')
      }
      const { waiting } = await tx
        .selectFrom('invitations')
        .select(({ fn }) => fn.countAll<string>().as('waiting'))
        .where('tenant_id', '=', tenantId)
        .where('accepted_at', 'is', null)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow()
      if (Number(waiting) >= INVITATIONS_MAX) {
        throw new Fault('conflict', 'too_many_invitations', `At most ${INVITATIONS_MAX} invitations wait at a time.`)
      }
      await tx.insertInto('invitations').values(row).execute()
      const payload = { invitation_id: row.id }
      await enqueue(tx, { kind: 'mail.invitation', tenant_id: tenantId, payload }, now)
      await audit(tx, ctx, { action: 'invitation.created', object_id: row.id, details: { email, role } })
      return toInfo(row)
    })
    .catch((error) => {
      if (!violates(error, 'invitations_pending_key')) throw error
      throw new Fault('conflict', 'already_invited', 'An invitation of this address waits already.')
    })
}

/** The tenant's invitations that can still be accepted, newest first. */
export async function list(ctx: Ctx, page: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.read({ tenant_id: tenantId }, (tx) => {
    const own = tx.selectFrom('invitations').selectAll().where('tenant_id', '=', tenantId)
    const waiting = own.where('accepted_at', 'is', null).where('revoked_at', 'is', null)
    return newestFirst(waiting.where('expires_at', '>', ctx.now()), page, toInfo)
  })
}

/** Takes an invitation back. */
export async function revoke(ctx: Ctx, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'account:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('invitations').set({ revoked_at: ctx.now() }).where('tenant_id', '=', tenantId)
    const waiting = update.where('id', '=', id).where('accepted_at', 'is', null).where('revoked_at', 'is', null)
    const row = await waiting.returning('id').executeTakeFirst()
    if (!row) throw new Fault('not_found', 'invitation_not_found', 'You have no such invitation.')
    await audit(tx, ctx, { action: 'invitation.revoked', object_id: id })
  })
}

/** Makes the signed-in user, whose address was invited, a member. Of two who redeem a token at once one gets it. */
export async function accept(ctx: Ctx, token: string): Promise<{ id: string; role: Info['role'] }> {
  const { user_id } = requireUser(ctx)
  const lookup = await sha256Hex(token)
  const now = ctx.now()
  return ctx.db.within({ lookup }, async (tx) => {
    const named = tx.selectFrom('invitations').selectAll().where('token_hash', '=', lookup)
    const invitation = await named.executeTakeFirst()
    if (!invitation) throw refused()
    await enterUser(tx, user_id)
    const user = await tx.selectFrom('users').select('email').where('id', '=', user_id).executeTakeFirst()
    if (user?.email !== invitation.email) {
      throw new Fault('forbidden', 'invitation_for_another', 'The invitation was sent to another address than yours.')
    }
    const { tenant_id, role } = invitation
    await enterTenant(tx, tenant_id)
    const update = tx.updateTable('invitations').set({ accepted_at: now }).where('id', '=', invitation.id)
    const waiting = update.where('accepted_at', 'is', null).where('revoked_at', 'is', null)
    if (!(await waiting.where('expires_at', '>', now).returning('id').executeTakeFirst())) throw refused()
    const membership = { tenant_id, user_id, role, created_at: now }
    await tx
      .insertInto('memberships')
      .values(membership)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    await audit(tx, ctx, {
      action: 'member.joined',
      object_id: user_id,
      details: { invitation_id: invitation.id, role },
    })
    return { id: tenant_id, role }
  })
}

function refused(): Fault {
  return new Fault('unprocessable', 'invitation_invalid', 'The invitation was used, taken back or has run out.')
}

function toInfo(
  row: Pick<Selectable<Tables['invitations']>, 'id' | 'email' | 'role' | 'created_at' | 'expires_at'>,
): Info {
  const { id, email, role, created_at, expires_at } = row
  return { id, email, role, created_at: created_at.toISOString(), expires_at: expires_at.toISOString() }
}
