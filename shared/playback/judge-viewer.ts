import { isWithin } from '../addresses/range.ts'
import type { Denial } from '../contract/commodore.ts'
import { VIEWER_TOKEN_SECONDS_MAX } from '../contract/playback.ts'
import { isProtocolAmong } from './protocols.ts'
import { type ReadClaims, type TenantKey, VIEWER_CLOCK_SECONDS, type ViewerClaims } from './viewer-token.ts'

/** What a viewer shows: the token, the protocol that is asked for, and the address that the request came from. */
export interface Presented {
  token: string
  protocol?: string | undefined
  viewer_host?: string | undefined
}

export interface Played {
  id: string
  playback_id: string
}

/** Until when the token opens the stream, or what is wrong with it. */
export type Judgement = { until: Date } | { denial: Denial }

interface Grounds {
  stream: Played
  /** The key that the token names, if the stream's tenant has it. */
  key: TenantKey | undefined
  now: Date
  read: ReadClaims
  /** Why the key, the viewer or the token is turned away although the token is good. */
  revocationOf(claims: ViewerClaims): Denial | undefined | Promise<Denial | undefined>
}

/**
 * Whether a viewer's token opens a signed stream. Commodore, who has the tables, and Foghorn, who was told what lies in
 * them, both judge by this, so that a viewer hears the same from either.
 */
export async function judgeViewer(presented: Presented, grounds: Grounds): Promise<Judgement> {
  const { key, now, read, revocationOf } = grounds
  if (!key) return { denial: 'token_key_unknown' }
  const claims = await read(presented.token, key, now)
  if (typeof claims === 'string') return { denial: claims }
  const denial = misfit(claims, presented, grounds) ?? (await revocationOf(claims))
  return denial ? { denial } : { until: new Date(claims.exp * 1000) }
}

function misfit(claims: ViewerClaims, presented: Presented, { stream, now }: Grounds): Denial | undefined {
  const { exp, stream_id = stream.id, playback_id = stream.playback_id, protocols, address } = claims
  const ends = Math.floor(now.getTime() / 1000) + VIEWER_TOKEN_SECONDS_MAX + VIEWER_CLOCK_SECONDS
  if (exp > ends) return 'token_lives_too_long'
  if (stream_id !== stream.id || playback_id.toLowerCase() !== stream.playback_id) return 'token_wrong_stream'
  if (protocols && !isProtocolAmong(presented.protocol, protocols)) return 'token_wrong_protocol'
  if (address !== undefined && !isWithin(presented.viewer_host ?? '', address)) return 'token_wrong_address'
  return undefined
}

/** What a revocation of each kind says to whom it turns away. */
export const denialOfRevoked = { key: 'key_revoked', viewer: 'viewer_revoked', token: 'token_revoked' } as const
