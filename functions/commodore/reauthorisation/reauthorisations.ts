import type { Transaction } from 'kysely'
import { z } from 'zod'
import type { Clock } from '../../../shared/clock.ts'
import { eventId } from '../../../shared/ids.ts'
import { findAlike, settleAlike } from '../../../shared/outbox/alike.ts'
import type { Handler } from '../../../shared/outbox/drain.ts'
import { enqueue } from '../../../shared/outbox/enqueue.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Ctx } from '../deps.ts'
import { commandHosts, type Hosts, requireDone, tellNow } from '../hosts/command.ts'
import { enqueueTwice } from '../hosts/enqueue-twice.ts'
import { toRuntimeName } from '../streams/names.ts'
import type { Tables } from '../tables.ts'

/** Hosts ask anew about everyone on the signed streams that a change concerns. */
export const REAUTHORISATION_KIND = 'viewers.reauthorise'
/** The same for one stream whose hosts were told, until they say that they did. */
export const INSISTENCE_KIND = 'viewers.reauthorise-stream'
/** Streams that Foghorn is asked about at once. */
const STREAMS_AT_ONCE = 8
/** Streams that are seen to while the tenant waits, the newest first; the outbox sees to all. */
export const STREAMS_NOW_MAX = 80

const Payload = z.object({ stream_id: z.string().nullable() })
const Insistence = z.object({ stream_id: z.string(), order_id: z.uuid() })

/** Whom a change turns away: viewers of one stream, or of all signed streams of a tenant. */
interface Concerned {
  tenant_id: string
  stream_id: string | null
}

export interface Reauthorisation extends Concerned {
  message_id: string
}

/** Writes, in the transaction that turns viewers away, that hosts must ask anew. `reauthoriseNow` goes on after the commit. */
export async function enqueueReauthorisation(
  tx: Transaction<Tables>,
  now: Date,
  { tenant_id, stream_id }: Concerned,
): Promise<Reauthorisation> {
  const order = { kind: REAUTHORISATION_KIND, tenant_id, payload: { stream_id } }
  return { message_id: await enqueueTwice(tx, now, order), tenant_id, stream_id }
}

/** Tells the hosts at once and waits for none. */
export async function reauthoriseNow(ctx: Ctx, concerned: Reauthorisation): Promise<void> {
  const streams = await signedStreams(ctx.db, concerned, STREAMS_NOW_MAX)
  await tellNow(ctx, REAUTHORISATION_KIND, (hosts) => tellAll(hosts, streams, concerned.message_id))
}

export interface ReauthorisationDeps extends Hosts {
  db: Database<Tables>
  clock: Clock
}

/** Tells the hosts of all streams concerned; those that are not done at once are left to messages of their own. */
export function createReauthorisationHandler(deps: ReauthorisationDeps): Handler {
  const { db, clock } = deps
  return async (payload, { id, kind, tenant_id: owner }) => {
    const { stream_id } = Payload.parse(payload)
    const tenant_id = owner ?? ''
    // Who revokes a hundred viewers one by one has hosts ask once for many of them.
    const alike = await findAlike(db, { kind, tenant_id, payload: { stream_id }, now: clock() })
    const missed = await tellAll(deps, await signedStreams(db, { tenant_id, stream_id }), id)
    await db.within({ tenant_id }, async (tx) => {
      for (const order of missed) await enqueue(tx, { kind: INSISTENCE_KIND, tenant_id, payload: order }, clock())
    })
    await settleAlike(db, alike, clock())
  }
}

/** Has the hosts of one stream ask anew; throws, to be tried again, until each says that it did. */
export function createInsistenceHandler(deps: ReauthorisationDeps): Handler {
  return async (payload, { id, tenant_id, attempt }) => {
    const { stream_id, order_id } = Insistence.parse(payload)
    const [stream] = await signedStreams(deps.db, { tenant_id: tenant_id ?? '', stream_id })
    if (!stream) return
    // At first it is the command that is on its way.
    const command_id = attempt === 1 ? order_id : eventId('insistence', id, attempt)
    requireDone(await tell(deps, stream, { id: command_id }))
  }
}

interface Signed {
  id: string
  tenant_id: string
  internal_name: string
}

async function signedStreams(
  db: Database<Tables>,
  { tenant_id, stream_id }: Concerned,
  limit?: number,
): Promise<Signed[]> {
  return db.read({ tenant_id }, (tx) => {
    const own = tx.selectFrom('streams').select(['id', 'tenant_id', 'internal_name']).where('tenant_id', '=', tenant_id)
    const signed = own
      .where('playback_policy', '=', 'signed')
      .where('enabled', '=', true)
      .where('deleted_at', 'is', null)
    const concerned = stream_id === null ? signed : signed.where('id', '=', stream_id)
    const newest = concerned.orderBy('id', 'desc')
    return (limit === undefined ? newest : newest.limit(limit)).execute()
  })
}

/** The streams that a host has which is not done yet. */
async function tellAll(hosts: Hosts, streams: readonly Signed[], messageId: string) {
  const missed: z.infer<typeof Insistence>[] = []
  for (let at = 0; at < streams.length; at += STREAMS_AT_ONCE) {
    const told = streams.slice(at, at + STREAMS_AT_ONCE).map(async (stream) => {
      const id = eventId('reauthorisation', messageId, stream.id)
      const outcomes = await tell(hosts, stream, { id, wait_ms: 0 })
      if (outcomes.some(({ status }) => status !== 'done')) missed.push({ stream_id: stream.id, order_id: id })
    })
    await Promise.all(told)
  }
  return missed
}

function tell(hosts: Hosts, { tenant_id, internal_name }: Signed, order: { id: string; wait_ms?: number }) {
  const command = { kind: 'reauthorise_sessions' as const, runtime_name: toRuntimeName(internal_name) }
  return commandHosts(hosts, { tenant_id, command, ...order })
}
