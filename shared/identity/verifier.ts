import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../clock.ts'
import type { Actor, Scope } from '../context.ts'
import { Claims, type KeySet, PLATFORM_AUDIENCE } from '../contract/identity.ts'
import { Fault } from '../fault.ts'
import { findFormFault } from './compact.ts'
import { ALGORITHM, issuerOf } from './key.ts'

/** Longest token that we look at; ours are under 1 KiB. */
export const TOKEN_LENGTH_MAX = 4096
export const CLOCK_TOLERANCE_SECONDS = 5
/** A verdict is reused so briefly that a withdrawn key stops working at once for people. */
export const VERDICT_CACHE_MS = 10_000
export const VERDICT_CACHE_MAX = 10_000

const KEY_SET_TIMEOUT_MS = 3_000
/** How long a fetched key set is trusted; an unknown `kid` fetches again after the cool-down. */
const KEY_SET_MAX_AGE_MS = 10 * 60_000
const KEY_SET_COOLDOWN_MS = 10_000

export type Verify = (token: string) => Promise<Actor>

interface VerifierOptions {
  /** A key set at hand, what reads it (Commodore's own, which changes), or the URL of Commodore's. */
  keys: KeySet | URL | (() => Promise<KeySet>)
  /** The verifying service; a service's token must be made for it. */
  service: string
  clock: Clock
}

/** Checks signature, issuer, audience and times of a token and says who it is; 401 with a stable reason if not valid. */
export function createVerifier({ keys, service, clock }: VerifierOptions): Verify {
  const check = createCheck({ keys, audience: [PLATFORM_AUDIENCE, service] })
  // Each says itself until when it is good (Unix ms): times kept by the cache cost as much as all else that follows the signature.
  const verdicts = new LRUCache<string, { actor: Actor; until: number }>({ max: VERDICT_CACHE_MAX })
  return async (token) => {
    const now = clock()
    const known = verdicts.get(token)
    if (known && now.getTime() < known.until) return known.actor
    const { claims, payload } = await check(token, now)
    const { iss = '', aud, exp = 0 } = payload
    const actor = toActor(claims, { issuer: iss, audience: aud, service })
    verdicts.set(token, { actor, until: Math.min(exp * 1000, now.getTime() + VERDICT_CACHE_MS) })
    return actor
  }
}

/** Checks a ticket, which Commodore made for one service and for one use; 401 with a stable reason if it is not valid. */
export function createTicketVerifier({ keys, service, clock }: VerifierOptions) {
  const check = createCheck({ keys, audience: [service] })
  return async (ticket: string): Promise<Ticket> => {
    const { claims, payload } = await check(ticket, clock())
    const { iss, jti = '', exp = 0 } = payload
    if (claims.kind !== 'ticket' || iss !== 'commodore') throw invalid('token_issuer')
    const { sub: holder, tenant_id, scopes } = claims
    return { id: jti, until_ms: (exp + CLOCK_TOLERANCE_SECONDS) * 1000, holder, tenant_id, scopes }
  }
}

/** Who a ticket lets in, and as what. */
export interface Ticket {
  id: string
  /** When it ends by itself, Unix ms. */
  until_ms: number
  /** The user, or the API token. */
  holder: string
  tenant_id: string
  scopes: readonly Scope[]
}

interface Checked {
  payload: JWTPayload
  claims: Claims
}

/** Checks all of a token that does not depend on its kind. */
function createCheck({ keys, audience }: { keys: VerifierOptions['keys']; audience: string[] }) {
  const getKey = toGetKey(keys)
  return async (token: string, now: Date): Promise<Checked> => {
    if (token.length > TOKEN_LENGTH_MAX) throw invalid('token_malformed')
    const fault = findFormFault(token)
    if (fault) throw invalid(`token_${fault}`)
    const { payload, protectedHeader } = await jwtVerify(token, getKey, {
      algorithms: [ALGORITHM],
      audience,
      requiredClaims: ['iss', 'sub', 'iat', 'exp', 'jti'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: now,
    }).catch((error) => {
      throw toTokenFault(error)
    })
    const claims = Claims.safeParse(payload)
    if (!claims.success) throw invalid('token_claims')
    const { iss = '', iat = 0 } = payload
    // Dated ahead, it would outlive what its issuer may give.
    if (iat > now.getTime() / 1000 + CLOCK_TOLERANCE_SECONDS) throw invalid('token_invalid')
    if (issuerOf(protectedHeader.kid ?? '') !== iss) throw invalid('token_issuer')
    return { payload, claims: claims.data }
  }
}

function toGetKey(keys: VerifierOptions['keys']): JWTVerifyGetKey {
  if (keys instanceof URL) return remoteKeys(keys)
  if (typeof keys !== 'function') return createLocalJWKSet(keys)
  let known: { set: KeySet; getKey: JWTVerifyGetKey } | undefined
  return async (header, token) => {
    const set = await keys()
    if (known?.set !== set) known = { set, getKey: createLocalJWKSet(set) }
    return known.getKey(header, token)
  }
}

function remoteKeys(url: URL): JWTVerifyGetKey {
  return createRemoteJWKSet(url, {
    timeoutDuration: KEY_SET_TIMEOUT_MS,
    cacheMaxAge: KEY_SET_MAX_AGE_MS,
    cooldownDuration: KEY_SET_COOLDOWN_MS,
  })
}

interface Origin {
  issuer: string
  /** As the token has it: a list is never right, since one who receives a token could present it to another. */
  audience: string | string[] | undefined
  service: string
}

/** Each kind of token comes from one issuer only, for one audience only: no other service's key can mint it. */
function toActor(claims: Claims, { issuer, audience, service }: Origin): Actor {
  const forPlatform = audience === PLATFORM_AUDIENCE
  switch (claims.kind) {
    case 'user': {
      if (issuer !== 'commodore' || !forPlatform) throw invalid('token_issuer')
      const { sub: user_id, tenant_id, role, operator, sid: session_id } = claims
      return { kind: 'user', user_id, tenant_id, role, operator, session_id }
    }
    case 'node':
      if (issuer !== 'quartermaster' || !forPlatform) throw invalid('token_issuer')
      return { kind: 'node', node_id: claims.sub, cluster_id: claims.cluster_id }
    case 'service':
      if (issuer !== claims.sub || audience !== service) throw invalid('token_issuer')
      return { kind: 'service', service: claims.sub }
    // A ticket is for one door, and no bearer token.
    case 'ticket':
      throw invalid('token_issuer')
  }
}

/** What jose says when the key set, and not the token, is at fault; GENERIC is an answer other than 200. */
const KEY_SET_ERRORS = new Set(['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'])

function toTokenFault(error: unknown): Fault {
  if (error instanceof errors.JWTExpired) return invalid('token_expired')
  if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'aud') return invalid('token_audience')
  if (!(error instanceof errors.JOSEError) || KEY_SET_ERRORS.has(error.code)) {
    return new Fault('unavailable', 'keys_unavailable', 'The key set cannot be fetched now.', { cause: error })
  }
  return invalid('token_invalid')
}

function invalid(reason: string): Fault {
  return new Fault('unauthenticated', reason, 'The bearer token is not valid.')
}
