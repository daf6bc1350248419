export * as SigningKeys from './signing-keys.ts'

import { exportJWK, exportPKCS8, generateKeyPair } from 'jose'
import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import {
  CreatedSigningKey,
  type CreateSigningKey,
  SIGNING_KEYS_MAX,
  type SigningKey,
} from '../../../shared/contract/playback.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import { lockTenant } from '../lock-tenant.ts'
import { enqueueReauthorisation, reauthoriseNow } from '../reauthorisation/reauthorisations.ts'
import type { Tables } from '../tables.ts'

/** A new ES256 key pair by which the tenant signs viewers' tokens. We keep the public half; the private is shown this once. */
export async function create(
  ctx: Ctx,
  input: z.infer<typeof CreateSigningKey>,
  key?: string,
): Promise<z.infer<typeof CreatedSigningKey>> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const now = ctx.now()
  const pair = await generateKeyPair('ES256', { extractable: true })
  const private_pem = await exportPKCS8(pair.privateKey)
  const { x = '', y = '', d = '' } = await exportJWK(pair.privateKey)
  const row = {
    id: newId('signingKey'),
    tenant_id: tenantId,
    name: input.name,
    public_jwk: { x, y },
    created_at: now,
    last_used_at: null,
    revoked_at: null,
  }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-signing-key', input, now }, async () => {
      await lockTenant(tx, tenantId, 'signing-keys')
      const active = tx.selectFrom('signing_keys').select('id').where('tenant_id', '=', tenantId)
      const { length } = await active.where('revoked_at', 'is', null).execute()
      if (length >= SIGNING_KEYS_MAX) {
        throw new Fault('conflict', 'too_many_signing_keys', `You have ${SIGNING_KEYS_MAX} signing keys: revoke one.`)
      }
      await tx.insertInto('signing_keys').values(row).execute()
      await audit(tx, ctx, { action: 'signing_key.created', object_id: row.id, details: { name: row.name } })
      const info = toInfo(row)
      return CreatedSigningKey.parse({ ...info, private_pem, private_jwk: { ...info.public_jwk, d } })
    }),
  )
}

/** The tenant's keys that are not revoked, newest first. */
export async function list(ctx: Ctx) {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const own = tx.selectFrom('signing_keys').selectAll().where('tenant_id', '=', tenantId)
    const rows = await own.where('revoked_at', 'is', null).orderBy('id', 'desc').execute()
    return { data: rows.map(toInfo), next_cursor: null }
  })
}

/** Ends a key, and with it every token that it signed and who watches by one. */
export async function revoke(ctx: Ctx, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const asking = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('signing_keys').set({ revoked_at: ctx.now() }).where('tenant_id', '=', tenantId)
    const row = await update.where('id', '=', id).where('revoked_at', 'is', null).returning('id').executeTakeFirst()
    if (!row) throw new Fault('not_found', 'signing_key_not_found', 'You have no such signing key.')
    await audit(tx, ctx, { action: 'signing_key.revoked', object_id: id })
    return enqueueReauthorisation(tx, ctx.now(), { tenant_id: tenantId, stream_id: null })
  })
  await reauthoriseNow(ctx, asking)
}

function toInfo(row: Selectable<Tables['signing_keys']>): z.infer<typeof SigningKey> {
  const { id, name, public_jwk } = row
  return {
    id,
    name,
    public_jwk: { kty: 'EC', crv: 'P-256', x: public_jwk.x, y: public_jwk.y, kid: id, alg: 'ES256' },
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
  }
}
