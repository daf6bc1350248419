export * as PlaybackRevocations from './playback-revocations.ts'

import { type Selectable, sql, type Transaction } from 'kysely'
import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { requireTenant } from '../../../shared/context.ts'
import {
  type CreatePlaybackRevocation,
  type ListPlaybackRevocations,
  PLAYBACK_REVOCATIONS_MAX,
  type PlaybackRevocation,
  VIEWER_TOKEN_SECONDS_MAX,
} from '../../../shared/contract/playback.ts'
import { Fault } from '../../../shared/fault.ts'
import { newId } from '../../../shared/ids.ts'
import { newestFirst } from '../../../shared/postgres/newest-first.ts'
import type { Ctx } from '../deps.ts'
import { lockTenant } from '../lock-tenant.ts'
import { enqueueReauthorisation, reauthoriseNow } from '../reauthorisation/reauthorisations.ts'
import type { Tables } from '../tables.ts'

type Info = z.infer<typeof PlaybackRevocation>

/** Turns a viewer, a key or a token away, who watches as well; said again, it is the same revocation with a new end. */
export async function create(ctx: Ctx, input: z.infer<typeof CreatePlaybackRevocation>): Promise<Info> {
  const tenantId = requireTenant(ctx, 'streams:write')
  const now = ctx.now()
  const row = {
    id: newId('playbackRevocation'),
    tenant_id: tenantId,
    kind: input.kind,
    subject: input.subject,
    stream_id: input.stream_id ?? null,
    created_at: now,
    expires_at: endOf(input, now),
  }
  const { info, asking } = await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    await lockTenant(tx, tenantId, 'playback-revocations')
    await tx
      .deleteFrom('playback_revocations')
      .where('tenant_id', '=', tenantId)
      .where('expires_at', '<=', now)
      .execute()
    if (row.stream_id !== null) await requireStream(tx, tenantId, row.stream_id)
    await requireRoom(tx, tenantId)
    const insert = tx.insertInto('playback_revocations').values(row)
    const kept = await insert
      .onConflict((conflict) =>
        conflict.constraint('playback_revocations_subject_key').doUpdateSet({ expires_at: row.expires_at }),
      )
      .returningAll()
      .executeTakeFirstOrThrow()
    const { kind, subject, stream_id } = row
    const details = { kind, subject, ...(stream_id !== null && { stream_id }) }
    await audit(tx, ctx, { action: 'playback_revocation.created', object_id: kept.id, details })
    return { info: toInfo(kept), asking: await enqueueReauthorisation(tx, now, { tenant_id: tenantId, stream_id }) }
  })
  await reauthoriseNow(ctx, asking)
  return info
}

/** The revocations that hold, newest first. */
export async function list(ctx: Ctx, { kind, subject, ...page }: z.infer<typeof ListPlaybackRevocations>) {
  const tenantId = requireTenant(ctx, 'streams:read')
  return ctx.db.read({ tenant_id: tenantId }, (tx) => {
    let own = tx.selectFrom('playback_revocations').selectAll().where('tenant_id', '=', tenantId)
    if (kind !== undefined) own = own.where('kind', '=', kind)
    if (subject !== undefined) own = own.where('subject', '=', subject)
    const holding = own.where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', ctx.now())]))
    return newestFirst(holding, page, toInfo)
  })
}

/** Takes a revocation back: who has a good token is let in again. */
export async function remove(ctx: Ctx, id: string): Promise<void> {
  const tenantId = requireTenant(ctx, 'streams:write')
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const own = tx.deleteFrom('playback_revocations').where('tenant_id', '=', tenantId).where('id', '=', id)
    const row = await own.returning(['kind', 'subject']).executeTakeFirst()
    if (!row) throw new Fault('not_found', 'playback_revocation_not_found', 'You have no such revocation.')
    await audit(tx, ctx, { action: 'playback_revocation.deleted', object_id: id, details: row })
  })
}

/** No token outlives its longest life, so its revocation need not either. */
function endOf({ kind, expires_in_seconds }: z.infer<typeof CreatePlaybackRevocation>, now: Date): Date | null {
  const seconds = expires_in_seconds ?? (kind === 'token' ? VIEWER_TOKEN_SECONDS_MAX : undefined)
  return seconds === undefined ? null : new Date(now.getTime() + seconds * 1000)
}

async function requireStream(tx: Transaction<Tables>, tenantId: string, id: string): Promise<void> {
  const own = tx.selectFrom('streams').select('id').where('tenant_id', '=', tenantId).where('id', '=', id)
  if (await own.where('deleted_at', 'is', null).executeTakeFirst()) return
  throw new Fault('not_found', 'stream_not_found', 'You have no such stream.')
}

async function requireRoom(tx: Transaction<Tables>, tenantId: string): Promise<void> {
  const own = tx.selectFrom('playback_revocations').select(sql<number>`count(*)::int`.as('count'))
  const { count } = await own.where('tenant_id', '=', tenantId).executeTakeFirstOrThrow()
  if (count < PLAYBACK_REVOCATIONS_MAX) return
  const advice = `You have ${PLAYBACK_REVOCATIONS_MAX} revocations: delete some, or revoke the signing key.`
  throw new Fault('conflict', 'too_many_playback_revocations', advice)
}

function toInfo({ tenant_id: _, ...row }: Selectable<Tables['playback_revocations']>): Info {
  const times = { created_at: row.created_at.toISOString(), expires_at: row.expires_at?.toISOString() ?? null }
  return { ...row, ...times }
}
