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
import type { Encryption } from '../../../shared/encryption/encryption.ts'
import { Fault } from '../../../shared/fault.ts'
import { once } from '../../../shared/idempotency/once.ts'
import { newId } from '../../../shared/ids.ts'
import type { Ctx } from '../deps.ts'
import type { Tables } from '../tables.ts'
import { readPushUrl } from './push-url.ts'

type Info = z.infer<typeof PushTarget>
type Row = Selectable<Tables['push_targets']>

/** Each row's address is encrypted for itself, so that it opens in no other row. */
const bindingOf = (id: string) => ({ purpose: 'push-target', of: id })

/** One more place that a stream is sent on to. */
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
    encrypted_url: await ctx.encryption.encrypt(url, bindingOf(id)),
    redacted_url: redacted,
    enabled: input.enabled,
    created_at: now,
    updated_at: now,
  }
  const repeatable = { key, tenantId, operation: 'create-push-target', input: { streamId, ...input }, now }
  return ctx.db.within({ tenant_id: tenantId }, (tx) =>
    once(tx, repeatable, async () => {
      await holdStream(tx, tenantId, streamId)
      const { length } = await targetsOf(tx, tenantId, streamId).execute()
      if (length >= PUSH_TARGETS_MAX) {
        throw new Fault('conflict', 'too_many_push_targets', `A stream has at most ${PUSH_TARGETS_MAX} push targets.`)
      }
      await tx.insertInto('push_targets').values(row).execute()
      const details = { stream_id: streamId, name: row.name, redacted_url: redacted }
      await audit(tx, ctx, { action: 'push_target.created', object_id: id, details })
      return toInfo(row)
    }),
  )
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

/** Changes a target; it counts from the next publication on. */
export async function update(
  ctx: Ctx,
  { streamId, id, input }: { streamId: string; id: string; input: z.infer<typeof UpdatePushTarget> },
): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const { url, ...changes } = input
  const read = url === undefined ? undefined : readPushUrl(url)
  const address = read && {
    encrypted_url: await ctx.encryption.encrypt(read.url, bindingOf(id)),
    redacted_url: read.redacted,
  }
  return ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await holdStream(tx, tenantId, streamId)
    const set = tx.updateTable('push_targets').set({ ...changes, ...address, updated_at: ctx.now() })
    const own = set.where('tenant_id', '=', tenantId).where('stream_id', '=', streamId).where('id', '=', id)
    const info = found(await own.returningAll().executeTakeFirst())
    const details = { stream_id: streamId, changes, ...(read && { redacted_url: read.redacted }) }
    await audit(tx, ctx, { action: 'push_target.updated', object_id: id, details })
    return info
  })
}

export async function remove(ctx: Ctx, streamId: string, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'streams:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await holdStream(tx, tenantId, streamId)
    const own = tx.deleteFrom('push_targets').where('tenant_id', '=', tenantId).where('stream_id', '=', streamId)
    found(await own.where('id', '=', id).returningAll().executeTakeFirst())
    await audit(tx, ctx, { action: 'push_target.deleted', object_id: id, details: { stream_id: streamId } })
  })
}

/** The addresses of targets in the clear: for the stream's media host alone. */
export function open(encryption: Encryption, rows: readonly Pick<Row, 'id' | 'encrypted_url'>[]) {
  return Promise.all(
    rows.map(async ({ id, encrypted_url }) => ({ id, url: await encryption.decrypt(encrypted_url, bindingOf(id)) })),
  )
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
