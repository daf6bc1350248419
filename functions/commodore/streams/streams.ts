export * as Streams from './streams.ts'

import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { requireTenant } from '../../../shared/context.ts'
import type { CreatedStream, CreateStream, Stream, UpdateStream } from '../../../shared/contract/commodore.ts'
import type { PageQuery } from '../../../shared/contract/page.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'
import { createKey } from '../stream-keys/key.ts'
import type { Tables } from '../tables.ts'
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
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, { key, tenantId, operation: 'create-stream', input, now }, async () => {
      await tx.insertInto('streams').values(row).execute()
      await tx.insertInto('stream_keys').values(first.row).execute()
      return { ...toInfo(row), stream_key: first.secret }
    }),
  )
}

/** The tenant's streams, newest first. */
export async function list(ctx: Ctx, { limit, cursor }: z.infer<typeof PageQuery>) {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    let page = tx.selectFrom('streams').selectAll().where('tenant_id', '=', tenantId)
    if (cursor !== undefined) page = page.where('id', '<', decodeCursor(cursor, 1).join())
    const rows = await page
      .where('deleted_at', 'is', null)
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute()
    const { data, next_cursor } = toPage(rows, limit, (row) => [row.id])
    return { data: data.map(toInfo), next_cursor }
  })
}

export async function get(ctx: Ctx, id: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const query = tx.selectFrom('streams').selectAll().where('tenant_id', '=', tenantId).where('id', '=', id)
    return found(await query.where('deleted_at', 'is', null).executeTakeFirst())
  })
}

export async function update(ctx: Ctx, id: string, input: z.infer<typeof UpdateStream>): Promise<Info> {
  return change(ctx, id, input)
}

/** Ends a stream: no publisher and no viewer is let in any more. Its row stays, for events that come late. */
export async function remove(ctx: Ctx, id: string): Promise<void> {
  await change(ctx, id, { deleted_at: ctx.now() })
}

async function change(ctx: Ctx, id: string, changes: Partial<Selectable<Tables['streams']>>): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:write')
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const update = tx.updateTable('streams').set({ ...changes, updated_at: ctx.now() })
    const own = update.where('tenant_id', '=', tenantId).where('id', '=', id).where('deleted_at', 'is', null)
    return found(await own.returningAll().executeTakeFirst())
  })
}

function found(row: Selectable<Tables['streams']> | undefined): Info {
  if (!row) throw new Fault('not_found', 'stream_not_found', 'You have no such stream.')
  return toInfo(row)
}

function toInfo(row: Selectable<Tables['streams']>): Info {
  const { id, title, description, record, enabled, playback_id, internal_name } = row
  const times = { created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() }
  return { id, title, description, record, enabled, playback_id, internal_name, ...times }
}
