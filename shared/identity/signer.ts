import { type CryptoKey, importJWK, SignJWT } from 'jose'
import type { Clock } from '../clock.ts'
import { type Claims, PLATFORM_AUDIENCE, type PrivateKey } from '../contract/identity.ts'
import { TICKET_SECONDS } from '../contract/signalman-limits.ts'
import { ALGORITHM, issuerOf } from './key.ts'

export const USER_TOKEN_SECONDS = 15 * 60
export const NODE_TOKEN_SECONDS = 15 * 60
export const SERVICE_TOKEN_SECONDS = 5 * 60

export interface Signer {
  issuer: string
  /** A compact JWT for `audience` that lives `seconds`. */
  sign(claims: Claims, audience: string, seconds: number): Promise<string>
}

/** Signs tokens with one issuer's key. */
export function createSigner(key: PrivateKey, clock: Clock): Signer {
  const issuer = issuerOf(key.kid)
  let imported: Promise<CryptoKey | Uint8Array> | undefined
  return {
    issuer,
    sign: async (claims, audience, seconds) => {
      imported ??= importJWK(key, ALGORITHM)
      const issuedAt = Math.floor(clock().getTime() / 1000)
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: ALGORITHM, kid: key.kid, typ: 'JWT' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + seconds)
        .setJti(crypto.randomUUID())
        .sign(await imported)
    },
  }
}

export function signUserToken(signer: Signer, claims: Omit<Extract<Claims, { kind: 'user' }>, 'kind'>) {
  return signer.sign({ kind: 'user', ...claims }, PLATFORM_AUDIENCE, USER_TOKEN_SECONDS)
}

export function signNodeToken(signer: Signer, claims: Omit<Extract<Claims, { kind: 'node' }>, 'kind'>) {
  return signer.sign({ kind: 'node', ...claims }, PLATFORM_AUDIENCE, NODE_TOKEN_SECONDS)
}

/** A ticket, which lets its holder in once at `audience`. */
export function signTicket(
  signer: Signer,
  claims: Omit<Extract<Claims, { kind: 'ticket' }>, 'kind'>,
  audience: string,
): Promise<string> {
  return signer.sign({ kind: 'ticket', ...claims }, audience, TICKET_SECONDS)
}

/** A source of this service's own tokens for calls to `audience`; each is used for half its life. */
export function createServiceTokens(signer: Signer, audience: string, clock: Clock): () => Promise<string> {
  let current: { token: Promise<string>; until: number } | undefined
  return () => {
    const now = clock().getTime()
    if (!current || now >= current.until) {
      const token = signer.sign({ kind: 'service', sub: signer.issuer }, audience, SERVICE_TOKEN_SECONDS)
      current = { token, until: now + (SERVICE_TOKEN_SECONDS * 1000) / 2 }
    }
    return current.token
  }
}
