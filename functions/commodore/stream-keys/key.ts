import type { ExpressionBuilder } from 'kysely'
import { newId } from '../../../shared/ids.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'
import type { Tables } from '../tables.ts'

/** Characters after `sk_`: 160 random bits. */
const SECRET_LENGTH = 32

/** A new key of a stream: its row, and the secret, of which the row holds a hash and the last four characters. */
export async function createKey(stream: { id: string; tenant_id: string }, name: string, now: Date) {
  const secret = `sk_${randomCode(SECRET_LENGTH)}`
  const row = {
    id: newId('streamKey'),
    tenant_id: stream.tenant_id,
    stream_id: stream.id,
    name,
    key_hash: await sha256Hex(secret),
    last_four: secret.slice(-4),
    created_at: now,
    last_used_at: null,
    expires_at: null,
    revoked_at: null,
  }
  return { row, secret }
}

/** Which keys let publishers in at `now`. */
export function isActiveAt(now: Date) {
  return ({ and, or, eb }: ExpressionBuilder<Tables, 'stream_keys'>) =>
    and([eb('revoked_at', 'is', null), or([eb('expires_at', 'is', null), eb('expires_at', '>', now)])])
}
