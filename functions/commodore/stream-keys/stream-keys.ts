export * as StreamKeys from './stream-keys.ts'

import type { Selectable, Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import type { CreatedStreamKey, CreateStreamKey, StreamKey } from '../../../shared/contract/commodore.ts'
import { STREAM_KEYS_MAX } from '../../../shared/contract/commodore.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { createKey } from './key.ts'

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
      const active = await activeKeys(tx, tenantId, streamId).execute()
      if (active.length >= STREAM_KEYS_MAX) {
        throw new Fault('conflict', 'too_many_stream_keys', `A stream has at most ${STREAM_KEYS_MAX} keys: revoke one.`)
      }
      await tx.insertInto('stream_keys').values(row).execute()
      const details = { stream_id: streamId, name: row.name }
      await audit(tx, ctx, { action: 'stream_key.created', object_id: row.id, details })
      return { ...toInfo(row), stream_key: secret }
    }),
  )
}

/** All keys of a stream that are not revoked, newest first, without their secrets. */
export async function list(ctx: Ctx, streamId: string) {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await requireStream(tx, tenantId, streamId)
    const rows = await activeKeys(tx, tenantId, streamId).execute()
    return { data: rows.map(toInfo), next_cursor: null }
  })
}

/** Ends a key: no new publisher gets in by it. Who is in by it stays. */
export async function revoke(ctx: Ctx, streamId: string, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'streams:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await requireStream(tx, tenantId, streamId)
    const update = tx.updateTable('stream_keys').set({ revoked_at: ctx.now() }).where('tenant_id', '=', tenantId)
    const own = update.where('stream_id', '=', streamId).where('id', '=', id).where('revoked_at', 'is', null)
    const row = await own.returning('id').executeTakeFirst()
    if (!row) throw new Fault('not_found', 'stream_key_not_found', 'The stream has no such key.')
    await audit(tx, ctx, { action: 'stream_key.revoked', object_id: id, details: { stream_id: streamId } })
  })
}

function streamOf(tx: Transaction<Tables>, tenantId: string, streamId: string) {
  const own = tx.selectFrom('streams').select('id').where('tenant_id', '=', tenantId)
  return own.where('id', '=', streamId).where('deleted_at', 'is', null)
}

async function requireStream(tx: Transaction<Tables>, tenantId: string, streamId: string): Promise<void> {
  if (!(await streamOf(tx, tenantId, streamId).executeTakeFirst())) throw noSuchStream()
}

/** Holds the stream, so that of many new keys at once none is one too many. */
async function lockStream(tx: Transaction<Tables>, tenantId: string, streamId: string): Promise<void> {
  if (!(await streamOf(tx, tenantId, streamId).forUpdate().executeTakeFirst())) throw noSuchStream()
}

function activeKeys(tx: Transaction<Tables>, tenantId: string, streamId: string) {
  const own = tx.selectFrom('stream_keys').selectAll().where('tenant_id', '=', tenantId)
  return own.where('stream_id', '=', streamId).where('revoked_at', 'is', null).orderBy('id', 'desc')
}

function toInfo(row: Selectable<Tables['stream_keys']>): z.infer<typeof StreamKey> {
  const { id, name, last_four } = row
  const times = { created_at: row.created_at.toISOString(), last_used_at: row.last_used_at?.toISOString() ?? null }
  return { id, name, last_four, ...times }
}

function noSuchStream() {
  return new Fault('not_found', 'stream_not_found', 'You have no such stream.')
}
