import type { CryptoKey } from 'jose'
import { LRUCache } from 'lru-cache'
import {
  importKey,
  type ReadClaims,
  readKeyId,
  type ViewerClaims,
  verifyBy,
} from '../../../shared/playback/viewer-token.ts'

/** Keys that an isolate has at hand; importing one costs as much as some checks by it. */
export const KEYS_MAX = 1_000
/** Tokens whose signature was good: a viewer's player comes again with the same one. */
export const TOKENS_MAX = 10_000

/** Reads tokens as `readKeyId` and `readClaims` do, and remembers a bounded number of imported keys and of good tokens. */
export interface TokenReader {
  readKeyId: typeof readKeyId
  readClaims: ReadClaims
}

interface Good {
  key_id: string
  keyName: string
  claims: ViewerClaims
}

export function createTokenReader({ keysMax = KEYS_MAX, tokensMax = TOKENS_MAX } = {}): TokenReader {
  const keys = new LRUCache<string, Promise<CryptoKey>>({ max: keysMax })
  const tokens = new LRUCache<string, Good>({ max: tokensMax })
  return {
    readKeyId: (token) => {
      const known = token === undefined ? undefined : tokens.get(token)
      return known && token !== undefined ? { token, key_id: known.key_id } : readKeyId(token)
    },
    readClaims: async (token, key, now) => {
      // The id alone is not the key: what is remembered of one must never speak for another.
      const keyName = `${key.id}.${key.x}.${key.y}`
      const known = tokens.get(token)
      // Its signature stays good and its `nbf` stays past; only its end can come.
      if (known?.keyName === keyName && now.getTime() < known.claims.exp * 1000) return known.claims
      const imported = keys.get(keyName) ?? importKey(key)
      keys.set(keyName, imported)
      const claims = await verifyBy(await imported, token, now)
      if (typeof claims !== 'string') tokens.set(token, { key_id: key.id, keyName, claims })
      return claims
    },
  }
}
