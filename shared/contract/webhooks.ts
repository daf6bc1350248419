import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import { Description, StreamId, TenantId, Time, WebhookDeliveryId, WebhookEndpointId } from './fields.ts'

export const WEBHOOK_URL_LENGTH_MAX = 2_048
/** Endpoints of one tenant. */
export const WEBHOOK_ENDPOINTS_MAX = 20
/** Longest time for which a rotated secret still signs beside the new one. */
export const WEBHOOK_OVERLAP_HOURS_MAX = 7 * 24
export const WEBHOOK_OVERLAP_HOURS_DEFAULT = 24
/** How long the delivery log goes back. */
export const WEBHOOK_LOG_DAYS = 30

/** What other services tell tenants by Commodore. */
const occurrenceTypes = [
  'tenant.activated',
  'tenant.unpaid',
  'tenant.suspended',
  'node.enrolled',
  'node.healthy',
  'node.unhealthy',
] as const

/** What tenants are told of; `webhook.test` comes only when asked for. */
export const webhookEventTypes = [
  'stream.connected',
  'stream.live',
  'stream.disconnected',
  'stream.rejected',
  'recording.ready',
  'recording.failed',
  'push.started',
  'push.ended',
  ...occurrenceTypes,
  'stream.created',
  'stream.updated',
  'stream.deleted',
  'stream_key.created',
  'stream_key.rotated',
  'stream_key.revoked',
  'webhook.test',
] as const
export const WebhookEventType = z.enum(webhookEventTypes)
export type WebhookEventType = z.infer<typeof WebhookEventType>

const EventTypes = z
  .array(WebhookEventType)
  .max(webhookEventTypes.length)
  .describe('Only these; all, also those that are yet to come, when empty')

const Url = z.string().max(WEBHOOK_URL_LENGTH_MAX).describe('https, a public host, no credentials')

export const CreateWebhookEndpoint = z.strictObject({
  url: Url,
  description: Description.default(''),
  event_types: EventTypes.default([]),
})

export const UpdateWebhookEndpoint = z
  .strictObject({
    url: Url,
    description: Description,
    event_types: EventTypes,
    enabled: z.boolean().describe('True also takes back what was disabled for failing'),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')

export const WebhookEndpoint = z
  .object({
    id: WebhookEndpointId,
    url: z.string(),
    description: z.string(),
    event_types: z.array(z.string()),
    enabled: z.boolean(),
    disabled_reason: z
      .string()
      .nullable()
      .describe('`by_tenant`, `failing` (for five days) or `gone` (it answered 410)'),
    failing_since: Time.nullable().describe('Since when no delivery got through'),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'WebhookEndpoint' })

export const WebhookSecret = z.object({
  secret: z.string().describe('The `whsec_…` secret by which deliveries are signed; shown this once'),
})

export const CreatedWebhookEndpoint = WebhookEndpoint.extend(WebhookSecret.shape)

export const RotateWebhookSecret = z.strictObject({
  overlap_hours: z
    .number()
    .int()
    .min(0)
    .max(WEBHOOK_OVERLAP_HOURS_MAX)
    .default(WEBHOOK_OVERLAP_HOURS_DEFAULT)
    .describe('How long deliveries are signed by the old secret too'),
})

export const WebhookDelivery = z
  .object({
    id: WebhookDeliveryId.describe('The `webhook-id` header: the same for every attempt'),
    event_type: z.string(),
    subject: z.string().describe('The object that the event is about; deliveries of one subject come in order'),
    status: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    response_status: z.int().nullable().describe('HTTP status of the last attempt'),
    error: z.string().nullable().describe('Why the last attempt failed; stable'),
    created_at: Time,
    last_attempt_at: Time.nullable(),
    next_attempt_at: Time.nullable(),
    delivered_at: Time.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })

/** The body of a delivery, as Standard Webhooks has it. */
export const WebhookBody = z.object({
  type: z.string(),
  timestamp: Time.describe('When it happened'),
  data: z.looseObject({ stream_id: StreamId.optional() }),
})

/** Longest text in what a service says of an occurrence. */
const OCCURRENCE_TEXT_MAX = 255

/** What another service saw happen to a tenant; the same `event_id` is told once. */
export const Occurrence = z.object({
  event_id: z.uuid(),
  tenant_id: TenantId,
  type: z.enum(occurrenceTypes),
  subject: z.string().max(OCCURRENCE_TEXT_MAX).describe('The object that it is about'),
  at: Time,
  data: z.record(z.string().max(64), z.union([z.string().max(OCCURRENCE_TEXT_MAX), z.array(z.string()).max(64)])),
})

export const tellTenant = endpoint({
  method: 'POST',
  path: '/occurrences',
  request: Occurrence,
  response: z.object({ told: z.int().describe('Endpoints that wanted to hear of it') }),
})
