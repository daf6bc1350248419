export * as PushTargets from './push-targets.ts'

import type { Selectable, Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import {
  type CreatePushTarget,
  PUSH_TARGETS_MAX,
  type PushTarget,
  type UpdatePushTarget,
} from '../../../shared/contract/push-targets.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { sealAddress } from './address.ts'
import { readPushUrl } from './push-url.ts'
import { enqueueRetarget, type Retarget, retargetNow } from './retarget.ts'

type Info = z.infer<typeof PushTarget>
type Row = Selectable<Tables['push_targets']>

/** One more place that a stream is sent on to, at once if it is live. */
export async function create(
  ctx: Ctx,
  { streamId, input, key }: { streamId: string; input: z.infer<typeof CreatePushTarget>; key?: string | undefined },
): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const now = ctx.now()
  const id = newId('pushTarget')
  const { url, redacted } = readPushUrl(input.url)
  const row = {
    id,
    tenant_id: tenantId,
    stream_id: streamId,
    name: input.name,
    encrypted_url: await sealAddress(ctx.encryption, id, url),
    redacted_url: redacted,
    enabled: input.enabled,
    created_at: now,
    updated_at: now,
  }
  const repeatable = { key, tenantId, operation: 'create-push-target', input: { streamId, ...input }, now }
  const change = { tenant_id: tenantId, stream_id: streamId, target_id: id, left: null }
  let retarget: Retarget | undefined
  const info = await ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, repeatable, async () => {
      await holdStream(tx, tenantId, streamId)
      const { length } = await targetsOf(tx, tenantId, streamId).execute()
      if (length >= PUSH_TARGETS_MAX) {
        throw new Fault('conflict', 'too_many_push_targets', `A stream has at most ${PUSH_TARGETS_MAX} push targets.`)
      }
      await tx.insertInto('push_targets').values(row).execute()
      const details = { stream_id: streamId, name: row.name, redacted_url: redacted }
      await audit(tx, ctx, { action: 'push_target.created', object_id: id, details })
      if (row.enabled) retarget = await enqueueRetarget(tx, now, change)
      return toInfo(row)
    }),
  )
  if (retarget) await retargetNow(ctx, retarget)
  return info
}

/** Where a stream is sent on to, newest first, without what opens it. */
export async function list(ctx: Ctx, streamId: string) {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    if (!(await streamOf(tx, tenantId, streamId).executeTakeFirst())) throw noSuchStream()
    const rows = await targetsOf(tx, tenantId, streamId).execute()
    return { data: rows.map(toInfo), next_cursor: null }
  })
}

export async function get(ctx: Ctx, streamId: string, id: string): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.read({ tenant_id: tenantId }, async (tx) => {
    if (!(await streamOf(tx, tenantId, streamId).executeTakeFirst())) throw noSuchStream()
    return found(await targetsOf(tx, tenantId, streamId).where('id', '=', id).executeTakeFirst())
  })
}

/** Changes a target; a live stream follows at once. */
export async function update(
  ctx: Ctx,
  { streamId, id, input }: { streamId: string; id: string; input: z.infer<typeof UpdatePushTarget> },
): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const { url, ...changes } = input
  const read = url === undefined ? undefined : readPushUrl(url)
  const address = read && {
    encrypted_url: await sealAddress(ctx.encryption, id, read.url),
    redacted_url: read.redacted,
  }
  const { info, retarget } = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await holdStream(tx, tenantId, streamId)
    // Held, so that re-encryption either changed it before or finds what is enqueued with it.
    const before = await targetsOf(tx, tenantId, streamId).where('id', '=', id).forUpdate().executeTakeFirst()
    const set = tx.updateTable('push_targets').set({ ...changes, ...address, updated_at: ctx.now() })
    const own = set.where('tenant_id', '=', tenantId).where('stream_id', '=', streamId).where('id', '=', id)
    const info = found(await own.returningAll().executeTakeFirst())
    const details = { stream_id: streamId, changes, ...(read && { redacted_url: read.redacted }) }
    await audit(tx, ctx, { action: 'push_target.updated', object_id: id, details })
    const moves = read !== undefined || input.enabled !== undefined
    const left = before?.enabled ? before.encrypted_url : null
    const change = { tenant_id: tenantId, stream_id: streamId, target_id: id, left }
    return { info, retarget: moves && (await enqueueRetarget(tx, ctx.now(), change)) }
  })
  if (retarget) await retargetNow(ctx, retarget)
  return info
}

/** Removes a target; a live stream is no longer sent there. */
export async function remove(ctx: Ctx, streamId: string, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const retarget = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await holdStream(tx, tenantId, streamId)
    const own = tx.deleteFrom('push_targets').where('tenant_id', '=', tenantId).where('stream_id', '=', streamId)
    const row = await own.where('id', '=', id).returningAll().executeTakeFirst()
    const { enabled } = found(row)
    await audit(tx, ctx, { action: 'push_target.deleted', object_id: id, details: { stream_id: streamId } })
    const change = { tenant_id: tenantId, stream_id: streamId, target_id: id, left: row?.encrypted_url ?? null }
    return enabled && (await enqueueRetarget(tx, ctx.now(), change))
  })
  if (retarget) await retargetNow(ctx, retarget)
}

function streamOf(tx: Transaction<Tables>, tenantId: string, streamId: string) {
  const own = tx.selectFrom('streams').select('id').where('tenant_id', '=', tenantId)
  return own.where('id', '=', streamId).where('deleted_at', 'is', null)
}

/** So that of many new targets at once none is one too many. */
async function holdStream(tx: Transaction<Tables>, tenantId: string, streamId: string): Promise<void> {
  if (!(await streamOf(tx, tenantId, streamId).forUpdate().executeTakeFirst())) throw noSuchStream()
}

function targetsOf(tx: Transaction<Tables>, tenantId: string, streamId: string) {
  const own = tx.selectFrom('push_targets').selectAll().where('tenant_id', '=', tenantId)
  return own.where('stream_id', '=', streamId).orderBy('id', 'desc')
}

function found(row: Row | undefined): Info {
  if (!row) throw new Fault('not_found', 'push_target_not_found', 'The stream has no such push target.')
  return toInfo(row)
}

function toInfo({ id, name, redacted_url, enabled, created_at, updated_at }: Row): Info {
  const times = { created_at: created_at.toISOString(), updated_at: updated_at.toISOString() }
  return { id, name, redacted_url, enabled, ...times }
}

function noSuchStream() {
  return new Fault('not_found', 'stream_not_found', 'You have no such stream.')
}
