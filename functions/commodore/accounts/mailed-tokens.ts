import { sql, type Transaction } from 'kysely'
import { Fault } from '../../../shared/fault.ts'
import { enterLookup } from '../../../shared/postgres/database.ts'
import { randomCode, sha256Hex } from '../../../shared/random.ts'
import type { Tables } from '../tables.ts'

export type MailedKind = Tables['mailed_tokens']['kind']

/** How long a mailed token is good. */
export const MAILED_TOKEN_SECONDS = { verification: 24 * 3600, reset: 3600 } as const

/** Characters after `mt_`: 200 random bits. */
const SECRET_LENGTH = 40

interface Issue {
  kind: MailedKind
  email: string
  object_id: string
  now: Date
}

/** A new token, to be mailed to `email`; the transaction looks up by that address. Made when the mail is, so that no queue holds it. */
export async function issueMailed(tx: Transaction<Tables>, { kind, email, object_id, now }: Issue): Promise<string> {
  const token = `mt_${randomCode(SECRET_LENGTH)}`
  const expires_at = new Date(now.getTime() + MAILED_TOKEN_SECONDS[kind] * 1000)
  const row = { token_hash: await sha256Hex(token), kind, email, object_id, expires_at }
  await tx.insertInto('mailed_tokens').values(row).execute()
  return token
}

/**
 * Uses a token up, and with it all others of its kind for the address: of two at once one gets it. The transaction, which looks
 * up by the token's hash, goes on looking up by the address. 422 when there is no such token any more.
 */
export async function redeemMailed(tx: Transaction<Tables>, kind: MailedKind, hash: string, now: Date) {
  const named = tx.selectFrom('mailed_tokens').select('email').where('token_hash', '=', hash)
  const found = await named.where('kind', '=', kind).executeTakeFirst()
  if (!found) throw refusedToken()
  // Before any row is taken: two tokens of one address would else wait for each other.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`mailed:${found.email}`}, 0))`.execute(tx)
  const taken = tx.deleteFrom('mailed_tokens').where('token_hash', '=', hash)
  const row = await taken.returning(['email', 'object_id', 'expires_at']).executeTakeFirst()
  if (!row || row.expires_at <= now) throw refusedToken()
  await enterLookup(tx, row.email)
  await tx.deleteFrom('mailed_tokens').where('email', '=', row.email).where('kind', '=', kind).execute()
  return row
}

export function refusedToken(): Fault {
  return new Fault(
    'unprocessable',
    'mailed_token_invalid',
    'The link was used, replaced or has run out; ask for a new one.',
  )
}
