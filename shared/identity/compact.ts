import { base64url } from 'jose'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { ALGORITHM } from './key.ts'

/** r and s of P-256, each 32 bytes: a DER signature has another length. */
const SIGNATURE_BYTES = 64
/** The same as text. */
export const SIGNATURE_CHARS = Math.ceil((SIGNATURE_BYTES * 4) / 3)

/** What our issuers write and nothing else: no `jwk`, `jku`, `x5c`, `crit`, `b64` or `zip` ever reaches the library. */
const Header = z.strictObject({ alg: z.literal(ALGORITHM), kid: z.string(), typ: z.literal('JWT').optional() })

/** Headers that were found good, by their text: all tokens of a key have the same. */
export const HEADERS_KEPT_MAX = 64
const goodHeaders = new LRUCache<string, true>({ max: HEADERS_KEPT_MAX })

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * What is wrong with a token's form, before its signature is looked at: `malformed` when it is not three parts of canonical
 * base64url, `invalid` when these do not hold the one header and JSON that our issuers write. A token has one form only.
 */
export function findFormFault(token: string): 'malformed' | 'invalid' | undefined {
  const parts = token.split('.')
  const [header, payload, signature] = parts
  if (parts.length !== 3 || !header || !payload || !signature) return 'malformed'
  const isKnown = goodHeaders.get(header) === true
  if (!(isKnown || isCanonical(header)) || !isCanonical(payload) || !isCanonical(signature)) return 'malformed'
  if (signature.length !== SIGNATURE_CHARS) return 'invalid'
  if (!isKnown) {
    if (!Header.safeParse(readJson(header)).success) return 'invalid'
    goodHeaders.set(header, true)
  }
  return readJson(payload) === undefined ? 'invalid' : undefined
}

const BASE64URL = /^[\w-]+$/
/** What it ends in, by its length beyond fours: a lenient reader drops the last bits, which must be zeros. One beyond is none. */
const ENDS = [/./, /^$/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/]

/** Whether one part of a token is something, in canonical base64url: without padding, so that bytes have one text. */
export function isCanonical(part: string): boolean {
  return BASE64URL.test(part) && ENDS[part.length % 4]?.test(part) === true
}

/** JSON as `JSON.stringify` writes it: a member that stands twice, or any space, reads back as another text. */
function readJson(part: string): unknown {
  try {
    const text = utf8.decode(base64url.decode(part))
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined
  }
}
