import { decodeProtectedHeader, errors, importJWK, type JWTPayload, jwtVerify } from 'jose'
import type { Selectable, Transaction } from 'kysely'
import { z } from 'zod'
import { isRange, isWithin } from '../../../shared/addresses/range.ts'
import type { Denial } from '../../../shared/contract/commodore.ts'
import { SigningKeyId } from '../../../shared/contract/fields.ts'
import {
  VIEWER_ID_LENGTH_MAX,
  VIEWER_TOKEN_LENGTH_MAX,
  VIEWER_TOKEN_SECONDS_MAX,
} from '../../../shared/contract/playback.ts'
import type { Ctx } from '../deps.ts'
import { isLastUsedStale } from '../last-used.ts'
import type { Tables } from '../tables.ts'
import { isProtocolAmong } from './protocols.ts'

/** How far a tenant's clock may be from ours. */
export const VIEWER_CLOCK_SECONDS = 5

export interface Presented {
  token?: string | undefined
  protocol?: string | undefined
  viewer_host?: string | undefined
}

type Stream = Selectable<Tables['streams']>
type Key = Selectable<Tables['signing_keys']>
type Judgement = { denial: Denial } | { until: Date }

const Text = z.string().min(1).max(VIEWER_ID_LENGTH_MAX)
const Claims = z
  .object({
    sub: Text,
    jti: Text,
    exp: z.number(),
    stream_id: z.string().optional(),
    playback_id: z.string().optional(),
    protocols: z.array(z.string()).min(1).optional(),
    address: z.string().refine(isRange).optional(),
  })
  .refine(({ stream_id, playback_id }) => (stream_id ?? playback_id) !== undefined)
type Claims = z.infer<typeof Claims>

/** Three non-empty base64url parts: anything else never reaches the parser. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** Whether a viewer's token opens a signed stream, and until when; a denial says what is wrong with it. */
export async function judgeViewer(ctx: Ctx, stream: Stream, presented: Presented): Promise<Judgement> {
  const { token } = presented
  if (token === undefined || token === '') return { denial: 'token_required' }
  const kid = readKid(token)
  if (kid === undefined) return { denial: 'token_malformed' }
  const tenant_id = stream.tenant_id
  return ctx.db.within({ tenant_id }, async (tx) => {
    const named = tx.selectFrom('signing_keys').selectAll().where('tenant_id', '=', tenant_id)
    const key = await named.where('id', '=', kid).executeTakeFirst()
    if (!key) return { denial: 'token_key_unknown' }
    const claims = await readClaims(token, key, ctx.now())
    if (typeof claims === 'string') return { denial: claims }
    const denial =
      misfit(claims, { stream, presented, now: ctx.now() }) ?? (await revocation(tx, ctx, { key, claims, stream }))
    if (denial) return { denial }
    if (isLastUsedStale(key.last_used_at, ctx.now())) {
      await tx.updateTable('signing_keys').set({ last_used_at: ctx.now() }).where('id', '=', kid).execute()
    }
    return { until: new Date(claims.exp * 1000) }
  })
}

/** The signing key that a well-formed token names; the header is not trusted for anything else. */
function readKid(token: string): string | undefined {
  if (token.length > VIEWER_TOKEN_LENGTH_MAX || !COMPACT.test(token)) return undefined
  try {
    return SigningKeyId.safeParse(decodeProtectedHeader(token).kid).data
  } catch {
    return undefined
  }
}

async function readClaims(token: string, { public_jwk: { x, y } }: Key, now: Date): Promise<Claims | Denial> {
  const key = await importJWK({ kty: 'EC', crv: 'P-256', x, y }, 'ES256')
  try {
    const options = { algorithms: ['ES256'], currentDate: now, clockTolerance: VIEWER_CLOCK_SECONDS }
    const { payload } = await jwtVerify<JWTPayload>(token, key, options)
    return Claims.safeParse(payload).data ?? 'token_invalid'
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'token_expired'
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') return 'token_not_yet_valid'
    if (error instanceof errors.JOSEError) return 'token_invalid'
    throw error
  }
}

interface Asked {
  stream: Stream
  presented: Presented
  now: Date
}

function misfit(claims: Claims, { stream, presented, now }: Asked): Denial | undefined {
  const { exp, stream_id = stream.id, playback_id = stream.playback_id, protocols, address } = claims
  const ends = Math.floor(now.getTime() / 1000) + VIEWER_TOKEN_SECONDS_MAX + VIEWER_CLOCK_SECONDS
  if (exp > ends) return 'token_lives_too_long'
  if (stream_id !== stream.id || playback_id.toLowerCase() !== stream.playback_id) return 'token_wrong_stream'
  if (protocols && !isProtocolAmong(presented.protocol, protocols)) return 'token_wrong_protocol'
  if (address !== undefined && !isWithin(presented.viewer_host ?? '', address)) return 'token_wrong_address'
  return undefined
}

const denialOf = { key: 'key_revoked', viewer: 'viewer_revoked', token: 'token_revoked' } as const

async function revocation(
  tx: Transaction<Tables>,
  ctx: Ctx,
  { key, claims, stream }: { key: Key; claims: Claims; stream: Stream },
): Promise<Denial | undefined> {
  if (key.revoked_at) return 'key_revoked'
  const own = tx.selectFrom('playback_revocations').select('kind').where('tenant_id', '=', stream.tenant_id)
  const found = await own
    .where(({ eb, or, and }) =>
      and([
        or([eb('expires_at', 'is', null), eb('expires_at', '>', ctx.now())]),
        or([
          and([eb('kind', '=', 'key'), eb('subject', '=', key.id)]),
          and([eb('kind', '=', 'token'), eb('subject', '=', claims.jti)]),
          and([
            eb('kind', '=', 'viewer'),
            eb('subject', '=', claims.sub),
            or([eb('stream_id', 'is', null), eb('stream_id', '=', stream.id)]),
          ]),
        ]),
      ]),
    )
    .orderBy('kind')
    .execute()
  const [first] = found
  return first && denialOf[first.kind]
}
