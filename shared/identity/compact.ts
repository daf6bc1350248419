import { base64url } from 'jose'
import { z } from 'zod'
import { ALGORITHM } from './key.ts'

/** r and s of P-256, each 32 bytes: a DER signature has another length. */
const SIGNATURE_BYTES = 64
/** The same as text. */
export const SIGNATURE_CHARS = Math.ceil((SIGNATURE_BYTES * 4) / 3)

/** What our issuers write and nothing else: no `jwk`, `jku`, `x5c`, `crit`, `b64` or `zip` ever reaches the library. */
const Header = z.strictObject({ alg: z.literal(ALGORITHM), kid: z.string(), typ: z.literal('JWT').optional() })

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * What is wrong with a token's form, before its signature is looked at: `malformed` when it is not three parts of canonical
 * base64url, `invalid` when these do not hold the one header and JSON that our issuers write. A token has one form only.
 */
export function findFormFault(token: string): 'malformed' | 'invalid' | undefined {
  const parts = token.split('.').map(decode)
  const [header, payload, signature] = parts
  if (parts.length !== 3 || !header || !payload || !signature) return 'malformed'
  if (signature.length !== SIGNATURE_BYTES) return 'invalid'
  return Header.safeParse(readJson(header)).success && readJson(payload) !== undefined ? undefined : 'invalid'
}

/** Without padding, and with zeros in the last bits, which a lenient reader drops: each text of bytes has one form. */
const BASE64URL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/

/** Whether one part of a token is something, in canonical base64url. */
export function isCanonical(part: string): boolean {
  return part !== '' && BASE64URL.test(part)
}

function decode(part: string): Uint8Array | undefined {
  return isCanonical(part) ? base64url.decode(part) : undefined
}

/** JSON as `JSON.stringify` writes it: a member that stands twice, or any space, reads back as another text. */
function readJson(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes)
    const value: unknown = JSON.parse(text)
    return JSON.stringify(value) === text ? value : undefined
  } catch {
    return undefined
  }
}
