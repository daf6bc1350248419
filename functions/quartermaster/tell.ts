import type { Transaction } from 'kysely'
import type { z } from 'zod'
import { type Client, call } from '../../shared/client/client.ts'
import { Occurrence, tellTenant } from '../../shared/contract/webhooks.ts'
import { eventId } from '../../shared/ids.ts'
import type { Handler } from '../../shared/outbox/drain.ts'
import { enqueue } from '../../shared/outbox/enqueue.ts'
import type { Tables } from './tables.ts'

export const OCCURRENCE_KIND = 'occurrence'

const Payload = Occurrence.omit({ event_id: true })
type Told = Omit<z.infer<typeof Payload>, 'at'>

/** Writes, in the transaction of the change, that its tenant is told of it; what concerns one object is told in order. */
export async function tell(tx: Transaction<Tables>, now: Date, occurrence: Told): Promise<void> {
  const { tenant_id, subject } = occurrence
  const payload = { ...occurrence, at: now.toISOString() }
  await enqueue(tx, { kind: OCCURRENCE_KIND, tenant_id, order_key: `occurrence:${subject}`, payload }, now)
}

/** Hands an occurrence to Commodore, which keeps tenants' webhook endpoints and ends what may not run. */
export function createTellHandler(commodore: Client): Handler {
  return async (payload, { id }) => {
    await call(commodore, tellTenant, { ...Payload.parse(payload), event_id: eventId('occurrence', id) })
  }
}
