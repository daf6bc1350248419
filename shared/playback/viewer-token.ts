import {
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  importJWK,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import { z } from 'zod'
import { isRange } from '../addresses/range.ts'
import type { Denial } from '../contract/commodore.ts'
import { SigningKeyId } from '../contract/fields.ts'
import { VIEWER_ID_LENGTH_MAX, VIEWER_TOKEN_LENGTH_MAX } from '../contract/playback.ts'
import { isCanonical, SIGNATURE_CHARS } from '../identity/compact.ts'

/** How far a tenant's clock may be from ours. */
export const VIEWER_CLOCK_SECONDS = 5
const ALGORITHM = 'ES256'

/** Members by which a token would bring its own key, or ask to be read in another way. */
const FOREIGN = ['jwk', 'jku', 'x5u', 'x5c', 'crit', 'b64', 'zip']

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
export type ViewerClaims = z.infer<typeof Claims>

/** The public half of a tenant's signing key. */
export interface TenantKey {
  /** The `kid` of tokens that it signs. */
  id: string
  x: string
  y: string
}

/** The claims of a token that `key` signed and that is good now, or what is wrong with it. */
export type ReadClaims = (token: string, key: TenantKey, now: Date) => Promise<ViewerClaims | Denial>

/** A well-formed token and the signing key that it names; its header is not trusted for anything else. */
export function readKeyId(token: string | undefined): { token: string; key_id: string } | { denial: Denial } {
  if (token === undefined || token === '') return { denial: 'token_required' }
  const key_id = token.length > VIEWER_TOKEN_LENGTH_MAX ? undefined : keyIdOf(token)
  return key_id === undefined ? { denial: 'token_malformed' } : { token, key_id }
}

function keyIdOf(token: string): string | undefined {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined
  try {
    return SigningKeyId.safeParse(decodeProtectedHeader(token).kid).data
  } catch {
    return undefined
  }
}

/** Checks signature, times and claims of a token whose form `readKeyId` has looked at. */
export const readClaims: ReadClaims = async (token, key, now) => verifyBy(await importKey(key), token, now)

export function importKey({ x, y }: TenantKey): Promise<CryptoKey> {
  // An EC key is never the bytes of a secret, which the library's type also allows for.
  return importJWK({ kty: 'EC', crv: 'P-256', x, y }, ALGORITHM) as Promise<CryptoKey>
}

export async function verifyBy(key: CryptoKey, token: string, now: Date): Promise<ViewerClaims | Denial> {
  if (token.length - token.lastIndexOf('.') - 1 !== SIGNATURE_CHARS) return 'token_invalid'
  const options: JWTVerifyOptions = {
    algorithms: [ALGORITHM],
    currentDate: now,
    clockTolerance: VIEWER_CLOCK_SECONDS,
  }
  try {
    const { payload, protectedHeader } = await jwtVerify<JWTPayload>(token, key, options)
    if (FOREIGN.some((name) => name in protectedHeader)) return 'token_invalid'
    return Claims.safeParse(payload).data ?? 'token_invalid'
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'token_expired'
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf') return 'token_not_yet_valid'
    if (error instanceof errors.JOSEError) return 'token_invalid'
    throw error
  }
}
