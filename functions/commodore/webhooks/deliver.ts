import { type Selectable, sql, type Transaction } from 'kysely'
import { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import type { Clock } from '../../../shared/clock.ts'
import { WEBHOOK_LOG_DAYS } from '../../../shared/contract/webhooks.ts'
import type { Encryption } from '../../../shared/encryption/encryption.ts'
import { Fault, toFault } from '../../../shared/fault.ts'
import type { Handler, MessageMeta } from '../../../shared/outbox/drain.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Tables } from '../tables.ts'
import { type PostOptions, post, requireTarget } from './post.ts'
import { delayAfter, FAILING_DAYS_MAX } from './schedule.ts'
import { bindingOf, sign } from './secret.ts'

const DAY_MS = 86_400_000
const GONE = 410

export interface DeliverDeps {
  db: Database<Tables>
  clock: Clock
  encryption: Encryption
  webhooks: PostOptions
}

const Payload = z.object({ delivery_id: z.string() })

type Endpoint = Selectable<Tables['webhook_endpoints']>
type Delivery = Selectable<Tables['webhook_deliveries']>

/** Attempts the deliveries that the outbox hands over; a failure that may pass is thrown with the time of the next attempt. */
export function createDeliveryHandler(deps: DeliverDeps): Handler {
  return async (payload, meta) => {
    const { delivery_id } = Payload.parse(payload)
    const found = await find(deps, meta, delivery_id)
    if (!found) return
    const { delivery, endpoint } = found
    const outcome = endpoint.enabled ? await attempt(deps, endpoint, delivery) : { error: 'endpoint_disabled' }
    const now = deps.clock()
    const delay = outcome.error === null || !endpoint.enabled ? undefined : delayAfter(meta.attempt)
    const next = delay === undefined ? null : new Date(now.getTime() + delay * 1000)
    await deps.db.within({ tenant_id: delivery.tenant_id }, async (tx) => {
      await tx
        .updateTable('webhook_deliveries')
        .set((row) => ({
          status: outcome.error === null ? 'delivered' : next === null ? 'failed' : 'pending',
          attempts: row('attempts', '+', endpoint.enabled ? 1 : 0),
          response_status: outcome.status ?? null,
          error: outcome.error,
          next_attempt_at: next,
          ...(endpoint.enabled && { last_attempt_at: now }),
          ...(outcome.error === null && { delivered_at: now }),
        }))
        .where('id', '=', delivery.id)
        .execute()
      if (endpoint.enabled) await judge(tx, { endpoint, outcome, now, requestId: meta.id })
    })
    if (outcome.error !== null && delay !== undefined) {
      throw new Fault('unavailable', outcome.error, 'The delivery failed.', { retryAfterSeconds: delay })
    }
  }
}

/** Nothing when the endpoint is gone, or when an attempt whose end was not heard of did it already. */
async function find({ db }: DeliverDeps, { tenant_id }: MessageMeta, id: string) {
  if (tenant_id === null) return undefined
  return db.within({ tenant_id }, async (tx) => {
    const named = tx.selectFrom('webhook_deliveries').selectAll().where('id', '=', id).where('status', '=', 'pending')
    const delivery = await named.executeTakeFirst()
    if (!delivery) return undefined
    const owner = tx.selectFrom('webhook_endpoints').selectAll().where('id', '=', delivery.endpoint_id)
    return { delivery, endpoint: await owner.executeTakeFirstOrThrow() }
  })
}

interface Outcome {
  /** Null when it got through. */
  error: string | null
  status?: number
}

async function attempt(deps: DeliverDeps, endpoint: Endpoint, delivery: Delivery): Promise<Outcome> {
  const now = deps.clock()
  const secrets = await secretsOf(deps, endpoint, now)
  const message = { id: delivery.id, timestamp: Math.floor(now.getTime() / 1000), body: delivery.body }
  const headers = {
    ...sign(message, secrets),
    'content-type': 'application/json',
    'user-agent': 'FrameWorks-Webhooks/1',
  }
  try {
    const url = requireTarget(endpoint.url, deps.webhooks.allowLoopback)
    const status = await post(url, { body: delivery.body, headers }, deps.webhooks)
    if (status >= 200 && status < 300) return { error: null, status }
    return { error: status >= 300 && status < 400 ? 'webhook_redirected' : 'webhook_refused', status }
  } catch (error) {
    return { error: toFault(error).reason }
  }
}

async function secretsOf({ encryption }: DeliverDeps, endpoint: Endpoint, now: Date): Promise<string[]> {
  const { id, secret, previous_secret, previous_until } = endpoint
  const overlaps = previous_secret !== null && previous_until !== null && now < previous_until
  const sealed = overlaps ? [secret, previous_secret] : [secret]
  return Promise.all(sealed.map((text) => encryption.decrypt(text, bindingOf(id))))
}

interface Judged {
  endpoint: Endpoint
  outcome: Outcome
  now: Date
  requestId: string
}

/** Keeps count of since when nothing got through, and disables what is gone or failed for too long. */
async function judge(tx: Transaction<Tables>, { endpoint, outcome, now, requestId }: Judged): Promise<void> {
  const own = tx.updateTable('webhook_endpoints').where('id', '=', endpoint.id)
  if (outcome.error === null) {
    await own.set({ failing_since: null }).where('failing_since', 'is not', null).execute()
    return
  }
  await own.set({ failing_since: sql<Date>`coalesce(failing_since, ${now})` }).execute()
  const isGone = outcome.status === GONE
  const reason = isGone ? 'gone' : 'failing'
  const end = own.set({ enabled: false, disabled_reason: reason, updated_at: now }).where('enabled', '=', true)
  const longAgo = new Date(now.getTime() - FAILING_DAYS_MAX * DAY_MS)
  const ended = await (isGone ? end : end.where('failing_since', '<=', longAgo)).returning('id').executeTakeFirst()
  if (!ended) return
  const ctx = { actor: { kind: 'service', service: 'commodore' }, now: () => now, request_id: requestId } as const
  await audit(tx, ctx, { action: 'webhook_endpoint.disabled', object_id: endpoint.id, details: { reason } })
}

/** Forgets deliveries that are older than the log goes back. */
export async function sweepDeliveries({ db, clock }: Pick<DeliverDeps, 'db' | 'clock'>): Promise<void> {
  const before = new Date(clock().getTime() - WEBHOOK_LOG_DAYS * DAY_MS)
  await db.within({ job: 'webhook_log' }, (tx) =>
    tx.deleteFrom('webhook_deliveries').where('created_at', '<', before).execute(),
  )
}
