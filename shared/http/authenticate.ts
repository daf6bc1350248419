import type { Actor } from '../context.ts'
import { Fault } from '../fault.ts'
import type { Verify } from '../identity/verifier.ts'

/** Turns an `Authorization` header into who calls; no header is nobody, a bad one is a 401. */
export type Authenticate = (header: string | undefined) => Promise<Actor>

export interface Schemes {
  verify: Verify
  /** Looks up an API token (`fw_…`); absent where API tokens are not taken. */
  verifyApiToken?: (token: string) => Promise<Actor>
}

export function createAuthenticate({ verify, verifyApiToken }: Schemes): Authenticate {
  return async (header) => {
    if (header === undefined) return { kind: 'anonymous' }
    const token = bearerOf(header)
    if (token === undefined) throw new Fault('unauthenticated', 'unknown_scheme', 'Send Authorization: Bearer <token>.')
    if (token.startsWith('fw_') && verifyApiToken) return verifyApiToken(token)
    return verify(token)
  }
}

/** `Basic` is how Kafka-over-HTTP clients send a token: as the password. */
function bearerOf(header: string): string | undefined {
  const [scheme = '', value = ''] = header.split(' ', 2)
  if (/^bearer$/i.test(scheme)) return value
  if (!/^basic$/i.test(scheme)) return undefined
  try {
    const text = atob(value)
    return text.slice(text.indexOf(':') + 1)
  } catch {
    return undefined
  }
}
