export * as StreamKeys from './stream-keys.ts'

import type { Selectable, Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import type {
  CreatedStreamKey,
  CreateStreamKey,
  RotateStreamKey,
  StreamKey,
} from '../../../shared/contract/commodore.ts'
import { STREAM_KEYS_MAX } from '../../../shared/contract/commodore.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { endNow, enqueueEnding } from '../termination/endings.ts'
import { emit } from '../webhooks/emit.ts'
import { createKey, isActiveAt } from './key.ts'

/** One more key of a stream, as good as the others; its secret is shown this once. */
export async function create(
  ctx: Ctx,
  { streamId, input, key }: { streamId: string; input: z.infer<typeof CreateStreamKey>; key?: string | undefined },
): Promise<z.infer<typeof CreatedStreamKey>> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const now = ctx.now()
  const { row, secret } = await createKey({ id: streamId, tenant_id: tenantId }, input.name, now)
  const repeatable = { key, tenantId, operation: 'create-stream-key', input: { streamId, ...input }, now }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, repeatable, async () => {
      await lockStream(tx, tenantId, streamId)
      await requireRoom(tx, { tenantId, streamId, now })
      await tx.insertInto('stream_keys').values(row).execute()
      const details = { stream_id: streamId, name: row.name }
      await audit(tx, ctx, { action: 'stream_key.created', object_id: row.id, details })
      await emit(tx, { ...occurrenceOf(toInfo(row), row, now), type: 'stream_key.created' })
      return { ...toInfo(row), stream_key: secret }
    }),
  )
}

/** A new key in place of an old one, which is honoured for a while; the new secret is shown this once. */
export async function rotate(
  ctx: Ctx,
  {
    streamId,
    id,
    input,
    key,
  }: { streamId: string; id: string; input: z.infer<typeof RotateStreamKey>; key?: string | undefined },
): Promise<z.infer<typeof CreatedStreamKey>> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const now = ctx.now()
  const { overlap_seconds } = input
  const repeatable = { key, tenantId, operation: 'rotate-stream-key', input: { streamId, id, ...input }, now }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, repeatable, async () => {
      await lockStream(tx, tenantId, streamId)
      const ends = new Date(now.getTime() + overlap_seconds * 1000)
      const update = tx.updateTable('stream_keys').set({ expires_at: ends }).where('tenant_id', '=', tenantId)
      const own = update.where('stream_id', '=', streamId).where('id', '=', id).where('revoked_at', 'is', null)
      const old = await own.where('expires_at', 'is', null).returning('name').executeTakeFirst()
      if (!old) throw await notRotatable(tx, { tenantId, streamId, now }, id)
      await requireRoom(tx, { tenantId, streamId, now })
      const { row, secret } = await createKey({ id: streamId, tenant_id: tenantId }, old.name, now)
      await tx.insertInto('stream_keys').values(row).execute()
      const details = { stream_id: streamId, replaced: id, overlap_seconds }
      await audit(tx, ctx, { action: 'stream_key.rotated', object_id: row.id, details })
      await emit(tx, { ...occurrenceOf(toInfo(row), row, now), type: 'stream_key.rotated' })
      return { ...toInfo(row), stream_key: secret }
    }),
  )
}

/** All keys of a stream that are honoured, newest first, without their secrets. */
export async function list(ctx: Ctx, streamId: string) {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    await requireStream(tx, tenantId, streamId)
    const rows = await activeKeys(tx, { tenantId, streamId, now: ctx.now() }).execute()
    return { data: rows.map(toInfo), next_cursor: null }
  })
}

/** Ends a key: no new publisher gets in by it. Who is in stays while the stream has another key, and ends with the last. */
export async function revoke(ctx: Ctx, streamId: string, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const ending = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    // Of two that revoke the last two keys at once, the second finds that none is left.
    const stream = await lockStream(tx, tenantId, streamId)
    const update = tx.updateTable('stream_keys').set({ revoked_at: ctx.now() }).where('tenant_id', '=', tenantId)
    const own = update.where('stream_id', '=', streamId).where('id', '=', id).where('revoked_at', 'is', null)
    const row = await own.returningAll().executeTakeFirst()
    if (!row) throw noSuchKey()
    await audit(tx, ctx, { action: 'stream_key.revoked', object_id: id, details: { stream_id: streamId } })
    await emit(tx, { ...occurrenceOf(toInfo(row), row, ctx.now()), type: 'stream_key.revoked' })
    const others = await activeKeys(tx, { tenantId, streamId, now: ctx.now() }).limit(1).execute()
    return others.length === 0 && (await enqueueEnding(tx, ctx.now(), stream))
  })
  if (ending) await endNow(ctx, ending)
}

function streamOf(tx: Transaction<Tables>, tenantId: string, streamId: string) {
  const own = tx.selectFrom('streams').select(['id', 'tenant_id', 'internal_name']).where('tenant_id', '=', tenantId)
  return own.where('id', '=', streamId).where('deleted_at', 'is', null)
}

async function requireStream(tx: Transaction<Tables>, tenantId: string, streamId: string): Promise<void> {
  if (!(await streamOf(tx, tenantId, streamId).executeTakeFirst())) throw noSuchStream()
}

/** Holds the stream, so that of many new keys at once none is one too many. */
async function lockStream(tx: Transaction<Tables>, tenantId: string, streamId: string) {
  const stream = await streamOf(tx, tenantId, streamId).forUpdate().executeTakeFirst()
  if (!stream) throw noSuchStream()
  return stream
}

interface OfStream {
  tenantId: string
  streamId: string
  now: Date
}

function activeKeys(tx: Transaction<Tables>, { tenantId, streamId, now }: OfStream) {
  const own = tx.selectFrom('stream_keys').selectAll().where('tenant_id', '=', tenantId)
  return own.where('stream_id', '=', streamId).where(isActiveAt(now)).orderBy('id', 'desc')
}

/** In a transaction that holds the stream. A replaced key counts until it ends. */
async function requireRoom(tx: Transaction<Tables>, stream: OfStream): Promise<void> {
  const active = await activeKeys(tx, stream).execute()
  if (active.length < STREAM_KEYS_MAX) return
  throw new Fault('conflict', 'too_many_stream_keys', `A stream has at most ${STREAM_KEYS_MAX} keys: revoke one.`)
}

async function notRotatable(tx: Transaction<Tables>, stream: OfStream, id: string): Promise<Fault> {
  const active = await activeKeys(tx, stream).where('id', '=', id).executeTakeFirst()
  if (!active) return noSuchKey()
  return new Fault('conflict', 'stream_key_replaced', 'The key was replaced already: rotate the one that replaced it.')
}

function occurrenceOf(key: z.infer<typeof StreamKey>, of: { tenant_id: string; stream_id: string }, at: Date) {
  const { tenant_id, stream_id } = of
  return { tenant_id, subject: stream_id, at, data: { stream_id, stream_key: key } }
}

function toInfo(row: Selectable<Tables['stream_keys']>): z.infer<typeof StreamKey> {
  const { id, name, last_four } = row
  return {
    id,
    name,
    last_four,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    expires_at: row.expires_at?.toISOString() ?? null,
  }
}

function noSuchKey() {
  return new Fault('not_found', 'stream_key_not_found', 'The stream has no such key.')
}

function noSuchStream() {
  return new Fault('not_found', 'stream_not_found', 'You have no such stream.')
}
