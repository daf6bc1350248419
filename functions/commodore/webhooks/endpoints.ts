export * as WebhookEndpoints from './endpoints.ts'

import { type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import {
  type CreatedWebhookEndpoint,
  type CreateWebhookEndpoint,
  type RotateWebhookSecret,
  type UpdateWebhookEndpoint,
  WEBHOOK_ENDPOINTS_MAX,
  type WebhookEndpoint,
  type WebhookSecret,
} from '../../../shared/contract/webhooks.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import { lockTenant } from '../lock-tenant.ts'
import type { Tables } from '../tables.ts'
import { requireTarget } from './post.ts'
import { bindingOf, newSecret } from './secret.ts'

type Info = z.infer<typeof WebhookEndpoint>

const HOUR_MS = 3_600_000

/** A new endpoint; the secret by which its deliveries are signed is shown this once. */
export async function create(
  ctx: Ctx,
  input: z.infer<typeof CreateWebhookEndpoint>,
  key?: string,
): Promise<z.infer<typeof CreatedWebhookEndpoint>> {
  const tenantId = requireTenant(ctx, 'account:write')
  requireTarget(input.url, ctx.webhooks.allowLoopback)
  const now = ctx.now()
  const id = newId('webhookEndpoint')
  const secret = newSecret()
  const event_types = [...new Set(input.event_types)]
  const times = { created_at: now, updated_at: now }
  const sealed = await ctx.encryption.encrypt(secret, bindingOf(id))
  const row = { id, tenant_id: tenantId, ...input, event_types, secret: sealed, ...times }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-webhook-endpoint', input, now }, async () => {
      await lockTenant(tx, tenantId, 'webhook_endpoints')
      const all = await tx.selectFrom('webhook_endpoints').select('id').where('tenant_id', '=', tenantId).execute()
      if (all.length >= WEBHOOK_ENDPOINTS_MAX) {
        throw new Fault('conflict', 'too_many_webhook_endpoints', `You may have ${WEBHOOK_ENDPOINTS_MAX} endpoints.`)
      }
      const made = await tx.insertInto('webhook_endpoints').values(row).returningAll().executeTakeFirstOrThrow()
      const details = { host: new URL(input.url).host, event_types }
      await audit(tx, ctx, { action: 'webhook_endpoint.created', object_id: id, details })
      return { ...toInfo(made), secret }
    }),
  )
}

/** The tenant's endpoints, newest first. */
export async function list(ctx: Ctx) {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const own = tx.selectFrom('webhook_endpoints').selectAll().where('tenant_id', '=', tenantId)
    const rows = await own.orderBy('id', 'desc').execute()
    return { data: rows.map(toInfo), next_cursor: null }
  })
}

export async function get(ctx: Ctx, id: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const own = tx.selectFrom('webhook_endpoints').selectAll().where('tenant_id', '=', tenantId)
    return toInfo(found(await own.where('id', '=', id).executeTakeFirst()))
  })
}

/** Changes an endpoint; one that is enabled again begins with a clean slate. */
export async function update(ctx: Ctx, id: string, input: z.infer<typeof UpdateWebhookEndpoint>): Promise<Info> {
  const tenantId = requireTenant(ctx, 'account:write')
  if (input.url !== undefined) requireTarget(input.url, ctx.webhooks.allowLoopback)
  const { enabled, event_types, ...fields } = input
  const columns = {
    ...fields,
    ...(event_types && { event_types: [...new Set(event_types)] }),
    ...(enabled !== undefined && { enabled, disabled_reason: enabled ? null : 'by_tenant', failing_since: null }),
    updated_at: ctx.now(),
  }
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const change = tx.updateTable('webhook_endpoints').set(columns).where('tenant_id', '=', tenantId)
    const row = found(await change.where('id', '=', id).returningAll().executeTakeFirst())
    const details = { fields: Object.keys(input), ...(enabled !== undefined && { enabled }) }
    await audit(tx, ctx, { action: 'webhook_endpoint.updated', object_id: id, details })
    return toInfo(row)
  })
}

/** Ends an endpoint and its delivery log; what was still to be told is not. */
export async function remove(ctx: Ctx, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'account:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const removal = tx.deleteFrom('webhook_endpoints').where('tenant_id', '=', tenantId).where('id', '=', id)
    found(await removal.returningAll().executeTakeFirst())
    await audit(tx, ctx, { action: 'webhook_endpoint.deleted', object_id: id })
  })
}

/** A new secret, shown this once; the old one signs too for as long as the caller says. */
export async function rotateSecret(
  ctx: Ctx,
  id: string,
  { overlap_hours }: z.infer<typeof RotateWebhookSecret>,
): Promise<z.infer<typeof WebhookSecret>> {
  const tenantId = requireTenant(ctx, 'account:write')
  const secret = newSecret()
  const sealed = await ctx.encryption.encrypt(secret, bindingOf(id))
  const previous_until = new Date(ctx.now().getTime() + overlap_hours * HOUR_MS)
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const change = tx
      .updateTable('webhook_endpoints')
      .set({ previous_secret: sql.ref('secret'), previous_until, secret: sealed, updated_at: ctx.now() })
      .where('tenant_id', '=', tenantId)
    found(await change.where('id', '=', id).returningAll().executeTakeFirst())
    const details = { overlap_hours }
    await audit(tx, ctx, { action: 'webhook_endpoint.secret_rotated', object_id: id, details })
  })
  return { secret }
}

function found<T>(row: T | undefined): T {
  if (!row) throw new Fault('not_found', 'webhook_endpoint_not_found', 'You have no such webhook endpoint.')
  return row
}

function toInfo(row: Selectable<Tables['webhook_endpoints']>): Info {
  const { id, url, description, event_types, enabled, disabled_reason } = row
  const failing_since = row.failing_since?.toISOString() ?? null
  const times = { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() }
  return { id, url, description, event_types, enabled, disabled_reason, failing_since, ...times }
}
