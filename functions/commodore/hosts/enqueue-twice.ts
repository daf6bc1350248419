import type { Transaction } from 'kysely'
import { enqueue, type Message } from '../../../shared/outbox/enqueue.ts'
import type { Tables } from '../tables.ts'

/** Who was let in just before a change is on air only now: hosts are told once more after this. */
export const SECOND_LOOK_MS = 15_000

interface Order extends Pick<Message, 'kind' | 'tenant_id'> {
  payload: Readonly<Record<string, unknown>>
}

/** Writes, in the transaction of a change, what hosts are told of it: at once, and a second time. Returns the id of the first message. */
export async function enqueueTwice(tx: Transaction<Tables>, now: Date, { payload, ...order }: Order): Promise<string> {
  const id = await enqueue(tx, { ...order, payload: { ...payload, second_look: false } }, now)
  const due_at = new Date(now.getTime() + SECOND_LOOK_MS)
  await enqueue(tx, { ...order, payload: { ...payload, second_look: true }, due_at }, now)
  return id
}
