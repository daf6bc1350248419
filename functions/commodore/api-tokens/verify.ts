import type { z } from 'zod'
import type { Clock } from '../../../shared/clock.ts'
import { requireService, scopesOf } from '../../../shared/context.ts'
import type { VerifyApiTokenRequest, VerifyApiTokenResponse } from '../../../shared/contract/commodore.ts'
import { type Database, enterTenant } from '../../../shared/postgres/database.ts'
import { sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import { isLastUsedStale } from '../last-used.ts'
import type { Tables } from '../tables.ts'
import { TENANT_SERVICES } from '../tenant-services.ts'

type Verdict = z.infer<typeof VerifyApiTokenResponse>

/** Says for another service whose a token is and what it may do. */
export async function verify(ctx: Ctx, { token }: z.infer<typeof VerifyApiTokenRequest>): Promise<Verdict> {
  requireService(ctx, ...TENANT_SERVICES)
  return judge(ctx.db, ctx.now, token)
}

/**
 * Whose a token is: its maker must still be active and in the tenant, and it may do no more than the maker may now.
 */
export async function judge(db: Database<Tables>, clock: Clock, token: string): Promise<Verdict> {
  const lookup = await sha256Hex(token)
  return db.within({ lookup }, async (tx) => {
    const named = tx.selectFrom('api_tokens').selectAll().where('token_hash', '=', lookup)
    const row = await named.where('revoked_at', 'is', null).executeTakeFirst()
    if (!row) return { valid: false, reason: 'api_token_unknown' }
    if (row.expires_at && row.expires_at <= clock()) return { valid: false, reason: 'api_token_expired' }
    await enterTenant(tx, row.tenant_id)
    const maker = await tx
      .selectFrom('users')
      .innerJoin('memberships', 'memberships.user_id', 'users.id')
      .select(['users.operator', 'users.active', 'memberships.role'])
      .where('users.id', '=', row.user_id)
      .where('memberships.tenant_id', '=', row.tenant_id)
      .executeTakeFirst()
    if (!maker?.active) return { valid: false, reason: 'api_token_maker_gone' }
    if (isLastUsedStale(row.last_used_at, clock())) {
      await tx.updateTable('api_tokens').set({ last_used_at: clock() }).where('id', '=', row.id).execute()
    }
    const allowed = scopesOf(maker.role)
    return {
      valid: true,
      token_id: row.id,
      tenant_id: row.tenant_id,
      scopes: row.scopes.filter((scope) => allowed.includes(scope)),
      operator: maker.operator,
      expires_at: row.expires_at?.toISOString() ?? null,
    }
  })
}
