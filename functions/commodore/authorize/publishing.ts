import { type Selectable, sql } from 'kysely'
import type { Ctx } from '../deps.ts'
import { isLastUsedStale } from '../last-used.ts'
import type { Tables } from '../tables.ts'

/** A stream that is published to, and where it is sent on to. */
export type Publishing = Pick<
  Selectable<Tables['streams']>,
  'id' | 'tenant_id' | 'internal_name' | 'playback_id' | 'enabled' | 'record' | 'dvr'
> & { push_targets: { id: string; encrypted_url: string }[] }

type Row = Omit<Publishing, 'id'> & { key_id: string; key_last_used_at: Date | null; stream_id: string }

/** The stream that the key with this hash publishes to, if the key is good now. */
export async function publishingBy(ctx: Ctx, keyHash: string): Promise<Publishing | undefined> {
  const now = ctx.now()
  const [row] = await ctx.db.call(sql<Row>`select * from publishing(${keyHash}, ${now})`)
  if (!row) return undefined
  const { key_id, key_last_used_at, stream_id, ...stream } = row
  if (isLastUsedStale(key_last_used_at, now)) {
    await ctx.db.within({ tenant_id: stream.tenant_id }, (tx) =>
      tx.updateTable('stream_keys').set({ last_used_at: now }).where('id', '=', key_id).execute(),
    )
  }
  return { id: stream_id, ...stream }
}
