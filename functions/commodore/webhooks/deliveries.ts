export * as WebhookDeliveries from './deliveries.ts'

import type { Selectable, Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import type { WebhookDelivery } from '../../../shared/contract/webhooks.ts'
import { Fault } from '../../../shared/fault.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { deliverTo, queue } from './emit.ts'

type Info = z.infer<typeof WebhookDelivery>

/** What an endpoint was or is to be told, newest first. */
export async function list(ctx: Ctx, endpointId: string, page: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'account:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    await requireEndpoint(tx, tenantId, endpointId)
    const own = tx.selectFrom('webhook_deliveries').selectAll().where('tenant_id', '=', tenantId)
    return newestFirst(own.where('endpoint_id', '=', endpointId), page, toInfo)
  })
}

/** Tells the endpoint once more, with all attempts anew, what was delivered or given up. */
export async function resend(ctx: Ctx, endpointId: string, id: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'account:write')
  const now = ctx.now()
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const { enabled } = await requireEndpoint(tx, tenantId, endpointId)
    if (!enabled) throw disabled()
    const own = tx
      .updateTable('webhook_deliveries')
      .set({ status: 'pending', next_attempt_at: now })
      .where('tenant_id', '=', tenantId)
      .where('endpoint_id', '=', endpointId)
      .where('id', '=', id)
    const row = await own.where('status', '<>', 'pending').returningAll().executeTakeFirst()
    if (!row) throw await whyNot(tx, tenantId, endpointId, id)
    await queue(tx, row, now)
    await audit(tx, ctx, { action: 'webhook_delivery.resent', object_id: id, details: { endpoint_id: endpointId } })
    return toInfo(row)
  })
}

/** Sends an endpoint a `webhook.test` event, whatever it asked to hear of. */
export async function test(ctx: Ctx, endpointId: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'account:write')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const { enabled } = await requireEndpoint(tx, tenantId, endpointId)
    if (!enabled) throw disabled()
    const data = { endpoint_id: endpointId }
    const occurrence = { tenant_id: tenantId, type: 'webhook.test', subject: endpointId, at: ctx.now(), data } as const
    const id = await deliverTo(tx, endpointId, occurrence)
    await audit(tx, ctx, { action: 'webhook_endpoint.tested', object_id: endpointId })
    const row = tx.selectFrom('webhook_deliveries').selectAll().where('id', '=', id)
    return toInfo(await row.executeTakeFirstOrThrow())
  })
}

async function requireEndpoint(tx: Transaction<Tables>, tenantId: string, id: string): Promise<{ enabled: boolean }> {
  const own = tx.selectFrom('webhook_endpoints').select('enabled').where('tenant_id', '=', tenantId)
  const row = await own.where('id', '=', id).executeTakeFirst()
  if (!row) throw new Fault('not_found', 'webhook_endpoint_not_found', 'You have no such webhook endpoint.')
  return row
}

async function whyNot(tx: Transaction<Tables>, tenantId: string, endpointId: string, id: string): Promise<Fault> {
  const own = tx.selectFrom('webhook_deliveries').select('id').where('tenant_id', '=', tenantId)
  const row = await own.where('endpoint_id', '=', endpointId).where('id', '=', id).executeTakeFirst()
  if (row) return new Fault('conflict', 'webhook_delivery_pending', 'The delivery is still being attempted.')
  return new Fault('not_found', 'webhook_delivery_not_found', 'The endpoint has no such delivery.')
}

function disabled(): Fault {
  return new Fault('conflict', 'webhook_endpoint_disabled', 'The endpoint is disabled: enable it first.')
}

function toInfo(row: Selectable<Tables['webhook_deliveries']>): Info {
  const { id, event_type, subject, status, attempts, response_status, error } = row
  return {
    id,
    event_type,
    subject,
    status,
    attempts,
    response_status,
    error,
    created_at: row.created_at.toISOString(),
    last_attempt_at: row.last_attempt_at?.toISOString() ?? null,
    next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
    delivered_at: row.delivered_at?.toISOString() ?? null,
  }
}
