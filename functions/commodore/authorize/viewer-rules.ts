import type { z } from 'zod'
import { REVOCATIONS_TOLD_MAX, SIGNING_KEYS_TOLD_MAX, type ViewerRules } from '../../../shared/contract/playback.ts'
import type { Ctx } from '../deps.ts'
import { type OwnedStream, revokedFrom } from './viewer-token.ts'

/** What Foghorn needs to judge the tokens of a stream's viewers itself. */
export async function viewerRules(ctx: Ctx, stream: OwnedStream): Promise<z.infer<typeof ViewerRules>> {
  const { tenant_id } = stream
  return ctx.db.read({ tenant_id }, async (tx) => {
    const own = tx.selectFrom('signing_keys').selectAll().where('tenant_id', '=', tenant_id)
    const keys = await own
      .orderBy('revoked_at', (order) => order.desc().nullsFirst())
      .limit(SIGNING_KEYS_TOLD_MAX)
      .execute()
    const revocations = await revokedFrom(tx, ctx, stream)
      .limit(REVOCATIONS_TOLD_MAX + 1)
      .execute()
    return {
      keys: keys.map(({ id, public_jwk: { x, y }, revoked_at }) => ({ id, x, y, revoked: revoked_at !== null })),
      revocations: revocations.length > REVOCATIONS_TOLD_MAX ? null : revocations,
    }
  })
}
