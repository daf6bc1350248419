export * as Sessions from './sessions.ts'

import type { Transaction } from 'kysely'
import type { z } from 'zod'
import { requireUser } from '../../../shared/context.ts'
import type { LoginResponse } from '../../../shared/contract/accounts.ts'
import { Fault } from '../../../shared/fault.ts'
import { signUserToken, USER_TOKEN_SECONDS } from '../../../shared/identity/signer.ts'
import { newId } from '../../../shared/ids.ts'
import { enterUser } from '../../../shared/postgres/database.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'
import { auditUser } from '../accounts/audit-user.ts'
import { toInfo } from '../accounts/user.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

type Answer = z.infer<typeof LoginResponse>

/** How long a session lives without being refreshed. */
export const SESSION_SECONDS = 30 * 86_400
/**
 * How long a refresh token that was used already still gets a new one: the client that lost the answer asks again within its
 * own timeout, and two tabs wake up together. Longer only helps a thief.
 */
export const REUSE_GRACE_SECONDS = 30

/** Characters after `rt_`: 200 random bits. */
const SECRET_LENGTH = 40

/** A new session of a user whose identity is proven, in the own tenant if the user is still in it, else the one joined first. */
export async function open(ctx: Ctx, userId: string): Promise<Answer> {
  return ctx.db.within({ user_id: userId }, async (tx) => {
    await tx.deleteFrom('sessions').where('user_id', '=', userId).where('expires_at', '<=', ctx.now()).execute()
    const now = ctx.now()
    const { user, tenant } = await standingOf(tx, userId)
    const session = {
      id: newId('session'),
      user_id: userId,
      tenant_id: tenant.id,
      created_at: now,
      last_used_at: now,
      expires_at: expiryFrom(now),
      revoked_at: null,
      revoked_for: null,
    }
    await tx.insertInto('sessions').values(session).execute()
    const opened = await answer(ctx, tx, { session_id: session.id, user, tenant })
    const of = { user_id: userId, tenant_id: tenant.id, object_id: session.id }
    await auditUser(tx, ctx, { action: 'session.started', ...of })
    return opened
  })
}

/**
 * Goes on with a session: a new access token, and a new refresh token in place of the presented one. One that was used before
 * ends the whole session, since two hold it, unless that was a moment ago.
 */
export async function refresh(ctx: Ctx, token: string): Promise<Answer> {
  const lookup = await sha256Hex(token)
  const outcome = await ctx.db.within({ lookup }, async (tx) => {
    const found = await tx.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', lookup).executeTakeFirst()
    if (!found) throw refused('refresh_token_unknown')
    await enterUser(tx, found.user_id)
    // The session's row is the lock of its family: of two at once the second sees what the first did.
    const family = tx.selectFrom('sessions').selectAll().where('id', '=', found.session_id).forUpdate()
    const session = await family.executeTakeFirst()
    if (!session) throw refused('refresh_token_unknown')
    if (session.revoked_at) throw refused('session_revoked')
    const now = ctx.now()
    const kept = tx.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', lookup)
    const current = await kept.executeTakeFirstOrThrow()
    if (current.expires_at <= now) throw refused('refresh_token_expired')
    if (current.rotated_at && now.getTime() - current.rotated_at.getTime() > REUSE_GRACE_SECONDS * 1000) {
      await end(ctx, tx, { user_id: found.user_id, session_id: session.id, reason: 'refresh_token_reused' })
      return 'reused'
    }
    const { user, tenant } = await standingOf(tx, found.user_id, session.tenant_id)
    if (!user.active) throw new Fault('forbidden', 'account_disabled', 'The account is disabled.')
    if (!current.rotated_at) {
      await tx.updateTable('refresh_tokens').set({ rotated_at: now }).where('token_hash', '=', lookup).execute()
    }
    const change = { last_used_at: now, expires_at: expiryFrom(now), tenant_id: tenant.id }
    await tx.updateTable('sessions').set(change).where('id', '=', session.id).execute()
    const old = tx.deleteFrom('refresh_tokens').where('session_id', '=', session.id)
    await old.where('expires_at', '<=', now).execute()
    return answer(ctx, tx, { session_id: session.id, user, tenant })
  })
  // Thrown here, as the transaction must keep what it revoked.
  if (outcome === 'reused') {
    ctx.log.warn('a refresh token was used twice; its session is ended')
    throw refused('refresh_token_reused')
  }
  return outcome
}

/** Ends the session of a refresh token; one that is not known has nothing to end. */
export async function logout(ctx: Ctx, token: string): Promise<void> {
  const lookup = await sha256Hex(token)
  await ctx.db.within({ lookup }, async (tx) => {
    const found = await tx.selectFrom('refresh_tokens').selectAll().where('token_hash', '=', lookup).executeTakeFirst()
    if (!found) return
    await enterUser(tx, found.user_id)
    await end(ctx, tx, { user_id: found.user_id, session_id: found.session_id, reason: 'logout' })
  })
}

/** Ends all sessions of the signed-in user, and the access tokens of them that are out. */
export async function logoutAll(ctx: Ctx): Promise<void> {
  const { user_id, tenant_id } = requireUser(ctx)
  await ctx.db.within({ user_id }, async (tx) => {
    await auditUser(tx, ctx, { action: 'user.logged_out', user_id, tenant_id })
    await end(ctx, tx, { user_id, reason: 'logout_all' })
  })
}

interface Ending {
  user_id: string
  /** Only this one; all of the user's if absent. */
  session_id?: string
  /** All but this one. */
  except?: string | undefined
  reason: string
}

/** Ends sessions within the caller's transaction, which must be the user's; each stands in the log of the tenant it was in. */
export async function end(
  ctx: Ctx,
  tx: Transaction<Tables>,
  { user_id, session_id, except, reason }: Ending,
): Promise<void> {
  const change = { revoked_at: ctx.now(), revoked_for: reason }
  let update = tx.updateTable('sessions').set(change).where('user_id', '=', user_id)
  if (session_id !== undefined) update = update.where('id', '=', session_id)
  if (except !== undefined) update = update.where('id', '<>', except)
  const ended = await update.where('revoked_at', 'is', null).returning(['id', 'tenant_id']).execute()
  ctx.standings.forget(user_id)
  for (const { id, tenant_id } of ended) {
    await auditUser(tx, ctx, { action: 'session.ended', user_id, tenant_id, object_id: id, details: { reason } })
  }
}

interface Standing {
  session_id: string
  user: Awaited<ReturnType<typeof standingOf>>['user']
  tenant: Answer['tenant']
}

async function answer(ctx: Ctx, tx: Transaction<Tables>, { session_id, user, tenant }: Standing): Promise<Answer> {
  const now = ctx.now()
  const refresh_token = `rt_${randomCode(SECRET_LENGTH)}`
  const token_hash = await sha256Hex(refresh_token)
  const row = {
    token_hash,
    session_id,
    user_id: user.id,
    created_at: now,
    expires_at: expiryFrom(now),
    rotated_at: null,
  }
  await tx.insertInto('refresh_tokens').values(row).execute()
  const claims = { sub: user.id, tenant_id: tenant.id, role: tenant.role, operator: user.operator, sid: session_id }
  return {
    access_token: await signUserToken(ctx.signer, claims),
    token_type: 'Bearer',
    expires_in: USER_TOKEN_SECONDS,
    refresh_token,
    refresh_expires_in: SESSION_SECONDS,
    user: toInfo(user),
    tenant,
  }
}

/** Who the user is now, and what in which tenant: the `preferred` one, else the own, else the one joined first. */
async function standingOf(tx: Transaction<Tables>, userId: string, preferred?: string) {
  const user = await tx.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirstOrThrow()
  const all = tx.selectFrom('memberships').selectAll().where('user_id', '=', userId)
  const memberships = await all.orderBy('created_at').execute()
  const of = (tenantId: string | null | undefined) => memberships.find(({ tenant_id }) => tenant_id === tenantId)
  const membership = of(preferred) ?? of(user.tenant_id) ?? memberships[0]
  if (!membership) throw new Fault('forbidden', 'no_tenant', 'The account belongs to no tenant any more.')
  return { user, tenant: { id: membership.tenant_id, role: membership.role } }
}

function expiryFrom(now: Date): Date {
  return new Date(now.getTime() + SESSION_SECONDS * 1000)
}

function refused(reason: string): Fault {
  return new Fault('unauthenticated', reason, 'The session cannot go on; sign in again.')
}
