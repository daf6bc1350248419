export * as Streams from './streams.ts'

import type { Selectable, Transaction, Updateable } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import {
  type CreatedStream,
  type CreateStream,
  STREAMS_MAX,
  type Stream,
  type UpdateStream,
} from '../../../shared/contract/commodore.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import { lockTenant } from '../lock-tenant.ts'
import { enqueueReauthorisation, reauthoriseNow } from '../reauthorisation/reauthorisations.ts'
import { createKey } from '../stream-keys/key.ts'
import type { Tables } from '../tables.ts'
import { endNow, enqueueEnding } from '../termination/endings.ts'
import { emit } from '../webhooks/emit.ts'
import { newInternalName, newPlaybackId } from './names.ts'

type Info = z.infer<typeof Stream>

/** A new stream with its first key, whose secret is shown this once. */
export async function create(
  ctx: Ctx,
  input: z.infer<typeof CreateStream>,
  key?: string,
): Promise<z.infer<typeof CreatedStream>> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const now = ctx.now()
  const row = {
    id: newId('stream'),
    tenant_id: tenantId,
    ...input,
    enabled: true,
    playback_id: newPlaybackId(),
    internal_name: newInternalName(),
    created_at: now,
    updated_at: now,
    deleted_at: null,
  }
  const first = await createKey(row, 'First key', now)
  const { limits } = await ctx.routing.of(tenantId)
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-stream', input, now }, async () => {
      await requireRoom(tx, tenantId, limits.streams ?? STREAMS_MAX)
      await tx.insertInto('streams').values(row).execute()
      await tx.insertInto('stream_keys').values(first.row).execute()
      await audit(tx, ctx, { action: 'stream.created', object_id: row.id, details: { title: row.title } })
      await emit(tx, { ...occurrenceOf(toInfo(row), tenantId, now), type: 'stream.created' })
      return { ...toInfo(row), stream_key: first.secret }
    }),
  )
}

export async function get(ctx: Ctx, id: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    const query = tx.selectFrom('streams').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id)
    return found(await query.where('deleted_at', 'is', null).executeTakeFirst())
  })
}

export async function update(ctx: Ctx, id: string, input: z.infer<typeof UpdateStream>): Promise<Info> {
  return change(ctx, id, 'stream.updated', input)
}

/** Ends a stream: no publisher and no viewer is let in any more. Its row stays, for events that come late. */
export async function remove(ctx: Ctx, id: string): Promise<void> {
  await change(ctx, id, 'stream.deleted', { deleted_at: ctx.now() })
}

/** Holds all creations of the tenant, so that of many at once none is one too many. */
async function requireRoom(tx: Transaction<Tables>, tenantId: string, limit: number): Promise<void> {
  await lockTenant(tx, tenantId, 'streams')
  const own = tx.selectFrom('streams').select(({ fn }) => fn.countAll<string>().as('count'))
  const { count } = await own
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (Number(count) < limit) return
  throw new Fault('conflict', 'too_many_streams', `Your tenant has at most ${limit} streams: delete one.`)
}

async function change(
  ctx: Ctx,
  id: string,
  action: 'stream.updated' | 'stream.deleted',
  changes: Updateable<Tables['streams']>,
): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const shuts = action === 'stream.deleted' || changes.enabled === false
  const signs = changes.playback_policy === 'signed'
  const { info, ending, asking } = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('streams').set({ ...changes, updated_at: ctx.now() })
    const own = update.where('tenant_id', '=', tenantId).where('id', '=', id).where('deleted_at', 'is', null)
    const info = found(await own.returningAll().executeTakeFirst())
    await audit(tx, ctx, { action, object_id: id, details: { changes } })
    await emit(tx, { ...occurrenceOf(info, tenantId, ctx.now()), type: action })
    return {
      info,
      ending: shuts && (await enqueueEnding(tx, ctx.now(), { ...info, tenant_id: tenantId })),
      // Who watches has shown no token.
      asking: signs && (await enqueueReauthorisation(tx, ctx.now(), { tenant_id: tenantId, stream_id: id })),
    }
  })
  if (ending) await endNow(ctx, ending)
  if (asking) await reauthoriseNow(ctx, asking)
  return info
}

function occurrenceOf(stream: Info, tenant_id: string, at: Date) {
  return { tenant_id, subject: stream.id, at, data: { stream_id: stream.id, stream } }
}

function found(row: Selectable<Tables['streams']> | undefined): Info {
  if (!row) throw new Fault('not_found', 'stream_not_found', 'You have no such stream.')
  return toInfo(row)
}

export function toInfo(row: Omit<Selectable<Tables['streams']>, 'title_key'>): Info {
  const { id, title, description, record, dvr, playback_policy, enabled, playback_id, internal_name } = row
  const times = { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() }
  return { id, title, description, record, dvr, playback_policy, enabled, playback_id, internal_name, ...times }
}
