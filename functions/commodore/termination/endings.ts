import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Clock } from '../../../shared/clock.ts'
import { eventId } from '../../../shared/ids.ts'
import type { Handler } from '../../../shared/outbox/drain.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import { ROUTING_DENIAL_FRESH_MS } from '../authorize/routing.ts'
import type { Ctx } from '../deps.ts'
import { commandHosts, type Hosts, requireDone, tellNow } from '../hosts/command.ts'
import { enqueueTwice } from '../hosts/enqueue-twice.ts'
import { isActiveAt } from '../stream-keys/key.ts'
import { toRuntimeName } from '../streams/names.ts'
import type { Tables } from '../tables.ts'

export const ENDING_KIND = 'stream.end'

const Payload = z.object({ stream_id: z.string(), second_look: z.boolean() })

/** A stream that takes nobody any more, and the message that says so. */
export interface Ending {
  message_id: string
  tenant_id: string
  internal_name: string
}

interface Shut {
  id: string
  tenant_id: string
  internal_name: string
}

/** Writes, in the transaction that shuts a stream, that what runs of it must end. `endNow` goes on after the commit. */
export async function enqueueEnding(tx: Transaction<Tables>, now: Date, stream: Shut): Promise<Ending> {
  const { id: stream_id, tenant_id, internal_name } = stream
  const message_id = await enqueueTwice(tx, now, { kind: ENDING_KIND, tenant_id, payload: { stream_id } })
  return { message_id, tenant_id, internal_name }
}

/** Writes that everything a tenant runs must end. */
export async function enqueueAllEndings(tx: Transaction<Tables>, now: Date, tenantId: string): Promise<void> {
  const own = tx.selectFrom('streams').selectAll().where('tenant_id', '=', tenantId)
  const streams = await own.where('enabled', '=', true).where('deleted_at', 'is', null).orderBy('id').execute()
  for (const stream of streams) await enqueueEnding(tx, now, stream)
}

/** Tells the hosts at once and waits for none. */
export async function endNow(ctx: Ctx, ending: Ending): Promise<void> {
  const order = { id: commandId(ending.message_id, 1), wait_ms: 0 }
  await tellNow(ctx, ENDING_KIND, (hosts) => endEverywhere(hosts, ending, order))
}

/** Ends a stream wherever it runs, and says what each host made of it. */
export function endEverywhere(
  hosts: Hosts,
  { tenant_id, internal_name }: Pick<Ending, 'tenant_id' | 'internal_name'>,
  order: { id: string; wait_ms?: number },
) {
  const command = { kind: 'terminate_stream' as const, runtime_name: toRuntimeName(internal_name) }
  return commandHosts(hosts, { tenant_id, command, ...order })
}

export interface EndingDeps extends Hosts {
  db: Database<Tables>
  clock: Clock
}

/** Ends what runs of a stream that was shut; throws, to be tried again, until every host that has it says it is done. */
export function createEndingHandler(deps: EndingDeps): Handler {
  return async (payload, { id, tenant_id, attempt }) => {
    const { stream_id, second_look } = Payload.parse(payload)
    const stream = await find(deps, tenant_id ?? '', stream_id)
    // Later than at first, who is on air may have been let in again.
    if (!stream || (stream.open && (second_look || attempt > 1))) return
    requireDone(await endEverywhere(deps, stream, { id: commandId(id, attempt) }))
  }
}

async function find({ db, clock, routing }: EndingDeps, tenant_id: string, id: string) {
  const { status } = await routing.of(tenant_id, ROUTING_DENIAL_FRESH_MS)
  return db.read({ tenant_id }, async (tx) => {
    const stream = await tx.selectFrom('streams').selectAll().where('id', '=', id).executeTakeFirst()
    if (!stream) return undefined
    const keys = tx.selectFrom('stream_keys').select('id').where('stream_id', '=', id).where(isActiveAt(clock()))
    const key = await keys.limit(1).executeTakeFirst()
    return { ...stream, open: status === 'active' && stream.enabled && stream.deleted_at === null && key !== undefined }
  })
}

/** Each attempt is a command of its own; the first is the same whoever sends it. */
function commandId(messageId: string, attempt: number): string {
  return eventId('ending', messageId, attempt)
}
