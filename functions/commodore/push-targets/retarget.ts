import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { StreamCommand } from '../../../shared/contract/commands.ts'
import type { Encryption } from '../../../shared/encryption/encryption.ts'
import { eventId } from '../../../shared/ids.ts'
import type { Handler } from '../../../shared/outbox/drain.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Ctx } from '../deps.ts'
import { commandHosts, type Hosts, type Outcomes, requireDone, tellNow } from '../hosts/command.ts'
import { enqueueTwice } from '../hosts/enqueue-twice.ts'
import { toRuntimeName } from '../streams/names.ts'
import type { Tables } from '../tables.ts'
import { openAddress, openAddresses } from './address.ts'

/** A stream that may be live is sent on to other places than before. */
export const RETARGET_KIND = 'push.retarget'

const Payload = z.object({
  stream_id: z.string(),
  target_id: z.string(),
  /** Where it is to be sent on to no longer, as the target's row had it: encrypted. */
  left: z.string().nullable(),
})

interface Change extends z.infer<typeof Payload> {
  tenant_id: string
}

export interface Retarget extends Change {
  message_id: string
}

/** Writes, in the transaction that changes a target, that a live stream follows. `retargetNow` goes on after the commit. */
export async function enqueueRetarget(tx: Transaction<Tables>, now: Date, change: Change): Promise<Retarget> {
  const { tenant_id, ...payload } = change
  return { ...change, message_id: await enqueueTwice(tx, now, { kind: RETARGET_KIND, tenant_id, payload }) }
}

/** Tells the hosts at once and waits for none. */
export async function retargetNow(ctx: Ctx, { message_id, ...change }: Retarget): Promise<void> {
  const order = { message_id, attempt: 1, wait_ms: 0 }
  await tellNow(ctx, RETARGET_KIND, (hosts) => follow({ ...ctx, ...hosts }, change, order))
}

export interface RetargetDeps extends Hosts {
  db: Database<Tables>
  encryption: Encryption
}

/** Has a live stream follow what became of a target; throws, to be tried again, until every host says that it is done. */
export function createRetargetHandler(deps: RetargetDeps): Handler {
  return async (payload, { id, tenant_id, attempt }) => {
    const change = { ...Payload.parse(payload), tenant_id: tenant_id ?? '' }
    requireDone(await follow(deps, change, { message_id: id, attempt }))
  }
}

interface Order {
  message_id: string
  attempt: number
  wait_ms?: number
}

/** As the target is now, not as it was when the change was written: of two changes the later one stays. */
async function follow(deps: RetargetDeps, change: Change, { message_id, attempt, wait_ms }: Order): Promise<Outcomes> {
  const stream = await find(deps, change)
  if (!stream) return []
  const wanted = await openAddresses(deps.encryption, stream.targets)
  const { target_id: id, left, tenant_id } = change
  const left_url = left === null ? undefined : await openAddress(deps.encryption, { id, encrypted_url: left })
  const own = wanted.find((target) => target.id === id)
  const runtime_name = toRuntimeName(stream.internal_name)
  const commands: StreamCommand[] = []
  // Another target, or this one again, may lead to the same place.
  if (left_url !== undefined && !wanted.some(({ url }) => url === left_url)) {
    commands.push({ kind: 'stop_push', runtime_name, target: left_url })
  }
  if (own) commands.push({ kind: 'start_push', runtime_name, target: own.url })
  const outcomes: Outcomes = []
  for (const command of commands) {
    const order_id = eventId('retarget', message_id, attempt, command.kind)
    outcomes.push(...(await commandHosts(deps, { tenant_id, command, id: order_id, wait_ms })))
  }
  return outcomes
}

async function find({ db }: RetargetDeps, { tenant_id, stream_id }: Change) {
  return db.read({ tenant_id }, async (tx) => {
    const named = tx.selectFrom('streams').select('internal_name').where('tenant_id', '=', tenant_id)
    const open = named.where('id', '=', stream_id).where('enabled', '=', true).where('deleted_at', 'is', null)
    const stream = await open.executeTakeFirst()
    if (!stream) return undefined
    const targets = tx.selectFrom('push_targets').select(['id', 'encrypted_url']).where('stream_id', '=', stream_id)
    return { ...stream, targets: await targets.where('enabled', '=', true).execute() }
  })
}
