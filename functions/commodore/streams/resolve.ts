import type { z } from 'zod'
import { requireService } from '../../../shared/context.ts'
import type { ResolveStreamsRequest, ResolveStreamsResponse } from '../../../shared/contract/commodore.ts'
import { StreamId } from '../../../shared/contract/fields.ts'
import type { Ctx } from '../deps.ts'
import { isInternalName } from './names.ts'

/** Services that must say whose a stream is. */
const RESOLVERS = ['decklog', 'periscope-query', 'signalman', 'foghorn'] as const

/** Whose streams are, by internal name or id, deleted ones included; what is not known is left out. */
export async function resolve(
  ctx: Ctx,
  input: z.infer<typeof ResolveStreamsRequest>,
): Promise<z.infer<typeof ResolveStreamsResponse>> {
  requireService(ctx, ...RESOLVERS)
  const names = input.internal_names.filter(isInternalName)
  const ids = input.stream_ids.filter((id) => StreamId.safeParse(id).success)
  if (names.length + ids.length === 0) return { streams: [] }
  return ctx.db.within({ lookup: [...names, ...ids].join() }, async (tx) => {
    const query = tx.selectFrom('streams').select(['id', 'tenant_id', 'internal_name', 'playback_id'])
    const rows = await query
      .where(({ eb, or }) =>
        or([
          ...(names.length > 0 ? [eb('internal_name', 'in', names)] : []),
          ...(ids.length > 0 ? [eb('id', 'in', ids)] : []),
        ]),
      )
      .execute()
    return { streams: rows.map(({ id, ...others }) => ({ stream_id: id, ...others })) }
  })
}
