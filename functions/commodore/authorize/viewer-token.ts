import type { Selectable, Transaction } from 'kysely'
import type { Denial } from '../../../shared/contract/commodore.ts'
import {
  denialOfRevoked,
  type Judgement,
  judgeViewer,
  type Played,
  type Presented,
} from '../../../shared/playback/judge-viewer.ts'
import { readClaims, readKeyId, type ViewerClaims } from '../../../shared/playback/viewer-token.ts'
import type { Ctx } from '../deps.ts'
import { isLastUsedStale } from '../last-used.ts'
import type { Tables } from '../tables.ts'

type Key = Selectable<Tables['signing_keys']>
export type OwnedStream = Played & { tenant_id: string }

/** Whether a viewer's token opens a signed stream, and until when; a denial says what is wrong with it. */
export async function judgeToken(ctx: Ctx, stream: OwnedStream, presented: Partial<Presented>): Promise<Judgement> {
  const named = readKeyId(presented.token)
  if ('denial' in named) return named
  const { tenant_id } = stream
  return ctx.db.within({ tenant_id }, async (tx) => {
    const own = tx.selectFrom('signing_keys').selectAll().where('tenant_id', '=', tenant_id)
    const row = await own.where('id', '=', named.key_id).executeTakeFirst()
    const judgement = await judgeViewer(
      { ...presented, token: named.token },
      {
        stream,
        key: row && { id: row.id, ...row.public_jwk },
        now: ctx.now(),
        read: readClaims,
        revocationOf: async (claims) => row && revocationOf(tx, ctx, { key: row, claims, stream }),
      },
    )
    if (row && 'until' in judgement && isLastUsedStale(row.last_used_at, ctx.now())) {
      await tx.updateTable('signing_keys').set({ last_used_at: ctx.now() }).where('id', '=', row.id).execute()
    }
    return judgement
  })
}

async function revocationOf(
  tx: Transaction<Tables>,
  ctx: Ctx,
  { key, claims, stream }: { key: Key; claims: ViewerClaims; stream: OwnedStream },
): Promise<Denial | undefined> {
  if (key.revoked_at) return denialOfRevoked.key
  const [first] = await revokedFrom(tx, ctx, stream)
    .where(({ eb, or, and }) =>
      or([
        and([eb('kind', '=', 'key'), eb('subject', '=', key.id)]),
        and([eb('kind', '=', 'token'), eb('subject', '=', claims.jti)]),
        and([eb('kind', '=', 'viewer'), eb('subject', '=', claims.sub)]),
      ]),
    )
    .orderBy('kind')
    .execute()
  return first && denialOfRevoked[first.kind]
}

/** What holds now and concerns a stream: only viewers are turned away from one stream alone. */
export function revokedFrom(tx: Transaction<Tables>, ctx: Ctx, { id, tenant_id }: OwnedStream) {
  return tx
    .selectFrom('playback_revocations')
    .select(['kind', 'subject'])
    .where('tenant_id', '=', tenant_id)
    .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', ctx.now())]))
    .where(({ eb, or }) => or([eb('stream_id', 'is', null), eb('stream_id', '=', id)]))
}
