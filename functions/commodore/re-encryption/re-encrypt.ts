import { sql } from 'kysely'
import {
  createEncryption,
  type Encryption,
  type EncryptionKey,
  prefixOf,
} from '../../../shared/encryption/encryption.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Tables } from '../tables.ts'
import { type Found, type Place, places, type Replacement } from './places.ts'

/** Secrets that one transaction reads and replaces. */
export const BATCH_MAX = 500

export interface Outcome {
  /** What one of them is called. */
  name: string
  written: number
  /** What no key opened, by the id of its row, and why. */
  unreadable: { id: string; reason: string }[]
  /** Those that are not under the first key now: what is unreadable, and what was changed under another key meanwhile. */
  left: number
}

interface Deps {
  db: Database<Tables>
  /** The first encrypts, all decrypt. */
  keys: readonly [EncryptionKey, ...EncryptionKey[]]
}

/**
 * Encrypts everything anew that the first key did not encrypt, in batches that each stand by themselves: it may be broken off,
 * run again, and run by two at once, while Commodore works. What changes meanwhile is left as it is.
 */
export async function reEncrypt({ db, keys }: Deps): Promise<Outcome[]> {
  const encryption = createEncryption(keys)
  const prefix = prefixOf(keys[0].id)
  const outcomes: Outcome[] = []
  for (const place of places) {
    const outcome = await reEncryptPlace({ db, encryption, prefix }, place)
    const left = await db.read({ job: 're_encryption' }, (tx) => place.count(tx, prefix))
    outcomes.push({ name: place.name, ...outcome, left })
  }
  return outcomes
}

async function reEncryptPlace(
  { db, encryption, prefix }: { db: Database<Tables>; encryption: Encryption; prefix: string },
  place: Place,
): Promise<Pick<Outcome, 'written' | 'unreadable'>> {
  const unreadable: Outcome['unreadable'] = []
  let written = 0
  let after: string | undefined = ''
  while (after !== undefined) {
    const page = { prefix, after, limit: BATCH_MAX }
    after = await db.within({ job: 're_encryption' }, async (tx) => {
      // Two runs take turns, so that neither waits for rows of the other while the other waits for its own.
      await sql`select pg_advisory_xact_lock(hashtextextended('re_encryption', 0))`.execute(tx)
      const found = await place.find(tx, page)
      const replacements: Replacement[] = []
      for (const each of found) {
        try {
          replacements.push(await renew(encryption, place, each))
        } catch (error) {
          unreadable.push({ id: each.id, reason: reasonOf(error) })
        }
      }
      if (replacements.length > 0) written += await place.replace(tx, replacements)
      return found.length < BATCH_MAX ? undefined : found.at(-1)?.id
    })
  }
  return { written, unreadable }
}

async function renew(encryption: Encryption, place: Place, { id, of, text }: Found): Promise<Replacement> {
  const binding = place.bindingOf(of)
  return { id, old_text: text, new_text: await encryption.encrypt(await encryption.decrypt(text, binding), binding) }
}

/** WebCrypto says no more of a text that was changed than that the operation failed. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.name !== 'OperationError' ? error.message : 'its key does not open it'
}
