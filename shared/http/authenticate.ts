import type { Actor } from '../context.ts'
import { Fault } from '../fault.ts'
import type { Verify } from '../identity/verifier.ts'
import type { ConfirmUser } from './user-sessions.ts'

/** Turns an `Authorization` header into who calls; no header is nobody, a bad one is a 401. */
export type Authenticate = (header: string | undefined) => Promise<Actor>

export interface Schemes {
  verify: Verify
  /** Looks up whether a user's token is to work still, and what the user is now; absent where users are not taken. */
  confirmUser?: ConfirmUser
  /** Looks up an API token (`fw_…`); absent where API tokens are not taken. */
  verifyApiToken?: (token: string) => Promise<Actor>
}

export function createAuthenticate({ verify, confirmUser, verifyApiToken }: Schemes): Authenticate {
  return async (header) => {
    if (header === undefined) return { kind: 'anonymous' }
    const token = bearerOf(header)
    if (token === undefined) throw new Fault('unauthenticated', 'unknown_scheme', 'Send Authorization: Bearer <token>.')
    if (token.startsWith('fw_') && verifyApiToken) return verifyApiToken(token)
    const actor = await verify(token)
    return actor.kind === 'user' && confirmUser ? confirmUser(actor) : actor
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
