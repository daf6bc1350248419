import { sql, type Transaction } from 'kysely'
import type { WebhookEventType } from '../../../shared/contract/webhooks.ts'
import { newId } from '../../../shared/ids.ts'
import { enqueue } from '../../../shared/outbox/enqueue.ts'
import type { Tables } from '../tables.ts'

/** The kind of the outbox's messages that are deliveries. */
export const DELIVERY_KIND = 'webhook.delivery'

export interface Occurrence {
  tenant_id: string
  type: WebhookEventType
  /** The object that it is about; an endpoint hears of one subject in the order of the commits. */
  subject: string
  at: Date
  /** What receivers are told; no secret. */
  data: Readonly<Record<string, unknown>>
  /** Of an event that may come again, and when it came. */
  heard?: { event_id: string; at: Date }
}

/** Tells each endpoint that wants to hear of it, in the transaction in which it happens; returns how many do. */
export async function emit(tx: Transaction<Tables>, occurrence: Occurrence): Promise<number> {
  const endpoints = await tx
    .selectFrom('webhook_endpoints')
    .select('id')
    .where('tenant_id', '=', occurrence.tenant_id)
    .where('enabled', '=', true)
    .where(sql<boolean>`(event_types = '{}' or ${occurrence.type} = any (event_types))`)
    // Always the same order, in which the outbox takes its locks.
    .orderBy('id')
    .execute()
  for (const { id } of endpoints) await deliverTo(tx, id, occurrence)
  return endpoints.length
}

/** One delivery to one endpoint, whatever it asked to hear of; returns its id. An event that was told before is not again. */
export async function deliverTo(tx: Transaction<Tables>, endpointId: string, occurrence: Occurrence): Promise<string> {
  const { tenant_id, type, subject, at, data, heard } = occurrence
  const now = heard?.at ?? at
  const id = newId('webhookDelivery')
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data })
  const row = { id, tenant_id, endpoint_id: endpointId, event_type: type, subject, body, created_at: now }
  const made = await tx
    .insertInto('webhook_deliveries')
    .values({ ...row, event_id: heard?.event_id ?? null, next_attempt_at: now })
    .onConflict((conflict) => conflict.columns(['endpoint_id', 'event_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made) await queue(tx, row, now)
  return id
}

interface Queued {
  id: string
  tenant_id: string
  endpoint_id: string
  subject: string
}

export async function queue(tx: Transaction<Tables>, delivery: Queued, now: Date): Promise<void> {
  const { id, tenant_id, endpoint_id, subject } = delivery
  const order_key = `webhook:${endpoint_id}:${subject}`
  await enqueue(tx, { kind: DELIVERY_KIND, tenant_id, order_key, payload: { delivery_id: id } }, now)
}
