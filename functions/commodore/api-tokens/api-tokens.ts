export * as ApiTokens from './api-tokens.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant, requireUser, scopesOf } from '../../../shared/context.ts'
import type { ApiToken, CreateApiToken, CreatedApiToken } from '../../../shared/contract/commodore.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

/** Characters after `fw_`: 200 random bits. */
const SECRET_LENGTH = 40
const DAY_MS = 86_400_000

/** A new token that may do some of what its maker may; its secret is shown this once. Tokens make no tokens. */
export async function create(
  ctx: Ctx,
  input: z.infer<typeof CreateApiToken>,
  key?: string,
): Promise<z.infer<typeof CreatedApiToken>> {
  const { user_id, role } = requireUser(ctx)
  const tenantId = requireTenant(ctx, 'account:write')
  const beyond = input.scopes.find((scope) => !scopesOf(role).includes(scope))
  if (beyond) throw new Fault('forbidden', 'scope_beyond_role', `Your own role may not do ${beyond}.`)
  const now = ctx.now()
  const token = `fw_${randomCode(SECRET_LENGTH)}`
  const row = {
    id: newId('apiToken'),
    tenant_id: tenantId,
    user_id,
    name: input.name,
    token_hash: await sha256Hex(token),
    scopes: [...new Set(input.scopes)],
    created_at: now,
    expires_at: input.expires_in_days ? new Date(now.getTime() + input.expires_in_days * DAY_MS) : null,
    last_used_at: null,
    revoked_at: null,
  }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-api-token', input, now }, async () => {
      await tx.insertInto('api_tokens').values(row).execute()
      await audit(tx, ctx, { action: 'api_token.created', object_id: row.id, details: input })
      return { ...toInfo(row), token }
    }),
  )
}

/** The tenant's tokens that are not revoked, newest first, without their secrets. */
export async function list(ctx: Ctx, page: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.read({ tenant_id: tenantId }, (tx) => {
    const own = tx.selectFrom('api_tokens').selectAll().where('tenant_id', '=', tenantId)
    return newestFirst(own.where('revoked_at', 'is', null), page, toInfo)
  })
}

/** Ends a token; elsewhere it stops working within the time that a verdict is remembered. */
export async function revoke(ctx: Ctx, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'account:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('api_tokens').set({ revoked_at: ctx.now() }).where('tenant_id', '=', tenantId)
    const row = await update.where('id', '=', id).where('revoked_at', 'is', null).returning('id').executeTakeFirst()
    if (!row) throw new Fault('not_found', 'api_token_not_found', 'You have no such API token.')
    await audit(tx, ctx, { action: 'api_token.revoked', object_id: id })
  })
}

function toInfo(row: Selectable<Tables['api_tokens']>): z.infer<typeof ApiToken> {
  const { id, name, scopes } = row
  return {
    id,
    name,
    scopes,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    last_used_at: row.last_used_at?.toISOString() ?? null,
  }
}
