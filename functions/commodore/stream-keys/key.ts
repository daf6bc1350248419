import { newId } from '../../../shared/ids.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'

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
    revoked_at: null,
  }
  return { row, secret }
}
