export * as EnrolmentTokens from './enrolment-tokens.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import type {
  CreatedEnrolmentToken,
  CreateEnrolmentToken,
  EnrolmentToken,
} from '../../../shared/contract/quartermaster.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'

/** Characters after `en_`: 200 random bits. */
const SECRET_LENGTH = 40
const HOUR_MS = 3_600_000

/** A new token by which hosts join one of the caller's own clusters; its secret is shown this once. */
export async function create(
  ctx: Ctx,
  input: z.infer<typeof CreateEnrolmentToken>,
  key?: string,
): Promise<z.infer<typeof CreatedEnrolmentToken>> {
  const tenantId = requireTenant(ctx, 'infrastructure:write')
  const { expires_in_hours, ...fields } = input
  const token = `en_${randomCode(SECRET_LENGTH)}`
  const now = ctx.now()
  const row = {
    id: newId('enrolmentToken'),
    tenant_id: tenantId,
    ...fields,
    token_hash: await sha256Hex(token),
    created_at: now,
    expires_at: new Date(now.getTime() + expires_in_hours * HOUR_MS),
  }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-enrolment-token', input, now }, async () => {
      const own = tx.selectFrom('clusters').select('id').where('owner_tenant_id', '=', tenantId)
      const cluster = await own.where('id', '=', input.cluster_id).executeTakeFirst()
      if (!cluster) throw new Fault('not_found', 'cluster_not_found', 'You have no such cluster.')
      const created = await tx.insertInto('enrolment_tokens').values(row).returningAll().executeTakeFirstOrThrow()
      await audit(tx, ctx, { action: 'enrolment_token.created', object_id: row.id, details: input })
      return { ...toInfo(created), token }
    }),
  )
}

/** The caller's tokens that are not revoked, newest first, without their secrets. */
export async function list(ctx: Ctx, page: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'infrastructure:read')
  return ctx.db.read({ tenant_id: tenantId }, (tx) => {
    const own = tx.selectFrom('enrolment_tokens').selectAll().where('tenant_id', '=', tenantId)
    return newestFirst(own.where('revoked_at', 'is', null), page, toInfo)
  })
}

/** Ends a token; hosts that joined by it stay. */
export async function revoke(ctx: Ctx, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'infrastructure:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('enrolment_tokens').set({ revoked_at: ctx.now() }).where('tenant_id', '=', tenantId)
    const row = await update.where('id', '=', id).where('revoked_at', 'is', null).returning('id').executeTakeFirst()
    if (!row) throw new Fault('not_found', 'enrolment_token_not_found', 'You have no such enrolment token.')
    await audit(tx, ctx, { action: 'enrolment_token.revoked', object_id: id })
  })
}

function toInfo(row: Selectable<Tables['enrolment_tokens']>): z.infer<typeof EnrolmentToken> {
  const { id, cluster_id, name, usage_limit, usage_count, address_range, created_at, expires_at } = row
  const times = { created_at: created_at.toISOString(), expires_at: expires_at.toISOString() }
  return { id, cluster_id, name, usage_limit, usage_count, address_range, ...times }
}
