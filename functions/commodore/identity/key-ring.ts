import { sql, type Transaction } from 'kysely'
import type { Clock } from '../../../shared/clock.ts'
import { type KeySet, PrivateKey, type PublicKey } from '../../../shared/contract/identity.ts'
import type { Binding, Encryption } from '../../../shared/encryption/encryption.ts'
import { createKey, issuerOf, toPublicKey } from '../../../shared/identity/key.ts'
import { createSigner, type Signer } from '../../../shared/identity/signer.ts'
import type { Database } from '../../../shared/postgres/database.ts'
import type { Tables } from '../tables.ts'

/** How long a key signs. */
export const KEY_DAYS = 30
/** How long a key is shown before it signs: longer than any verifier keeps a key set. */
export const NEXT_KEY_SECONDS = 3_600
/** How long a key is shown after it signed: longer than any token lives, and any copy of the ring signs with it. */
export const RETIRED_KEY_SECONDS = 3_600
/** How long a copy of the ring is used without reading it again. */
export const RING_FRESH_MS = 30_000

const PURPOSE = 'identity-key'

/** Commodore's signing keys, which change by themselves. */
export interface KeyRing {
  signer: Signer
  /** The public keys of all issuers: our next, current and retired ones, and the others'. */
  keySet(): Promise<KeySet>
  /** Does what is due: makes the next key, lets it sign, forgets what nobody needs. Safe to run by several at once. */
  rotate(): Promise<void>
}

interface RingOptions {
  db: Database<Tables>
  encryption: Encryption
  /** Signs until the first key of the ring does, and is then shown as long as any retired key. */
  first: PrivateKey
  /** The public keys of other issuers. */
  others: readonly PublicKey[]
  clock: Clock
}

interface Ring {
  signer: Signer
  keySet: KeySet
}

/** Opens the ring; nothing is read before it is used. */
export function openKeyRing({ db, encryption, first, others, clock }: RingOptions): KeyRing {
  const issuer = issuerOf(first.kid)
  let copy: { ring: Promise<Ring>; until: number } | undefined
  const read = () => {
    const now = clock().getTime()
    if (!copy || now >= copy.until) {
      const ring = load()
      copy = { ring, until: now + RING_FRESH_MS }
      // What cannot be read now is tried again at once, not when the copy is old.
      ring.catch(() => {
        copy = undefined
      })
    }
    return copy.ring
  }

  async function load(): Promise<Ring> {
    const rows = await db.within({ job: 'identity' }, (tx) => tx.selectFrom('identity_keys').selectAll().execute())
    const current = rows.find(({ current_at, retired_at }) => current_at !== null && retired_at === null)
    const key = current
      ? PrivateKey.parse(JSON.parse(await encryption.decrypt(current.private_key, bindingOf(current.kid))))
      : first
    const own = [...(isRetired(rows) ? [] : [toPublicKey(first)]), ...rows.map(({ public_key }) => public_key)]
    const foreign = others.filter(({ kid }) => issuerOf(kid) !== issuer)
    return { signer: createSigner(key, clock), keySet: { keys: [...own, ...foreign] } }
  }

  /** Whether the key of the settings has been replaced for so long that no token of it is left; the ring's rows remember it. */
  function isRetired(rows: readonly { current_at: Date | null }[]): boolean {
    const before = new Date(clock().getTime() - RETIRED_KEY_SECONDS * 1000)
    return rows.some(({ current_at }) => current_at !== null && current_at <= before)
  }

  async function addNext(tx: Transaction<Tables>, now: Date): Promise<void> {
    const key = await createKey(issuer)
    const private_key = await encryption.encrypt(JSON.stringify(key), bindingOf(key.kid))
    const row = { kid: key.kid, public_key: toPublicKey(key), private_key, created_at: now }
    await tx.insertInto('identity_keys').values(row).execute()
  }

  return {
    signer: {
      issuer,
      sign: async (claims, audience, seconds) => (await read()).signer.sign(claims, audience, seconds),
    },
    keySet: async () => (await read()).keySet,
    rotate: async () => {
      const now = clock()
      const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000)
      await db.within({ job: 'identity' }, async (tx) => {
        await sql`select pg_advisory_xact_lock(hashtextextended('identity_keys', 0))`.execute(tx)
        const forgotten = tx.deleteFrom('identity_keys').where('retired_at', '<=', ago(RETIRED_KEY_SECONDS))
        await forgotten.execute()
        const rows = await tx.selectFrom('identity_keys').selectAll().where('retired_at', 'is', null).execute()
        const current = rows.find(({ current_at }) => current_at !== null)
        const next = rows.find(({ current_at }) => current_at === null)
        if (!next) return addNext(tx, now)
        const isShown = next.created_at <= ago(NEXT_KEY_SECONDS)
        const isDue = !current?.current_at || current.current_at <= ago(KEY_DAYS * 86_400)
        if (!isShown || !isDue) return
        if (current) {
          await tx.updateTable('identity_keys').set({ retired_at: now }).where('kid', '=', current.kid).execute()
        }
        await tx.updateTable('identity_keys').set({ current_at: now }).where('kid', '=', next.kid).execute()
        await addNext(tx, now)
      })
    },
  }
}

/** Under which a private key is encrypted at rest. */
export function bindingOf(kid: string): Binding {
  return { purpose: PURPOSE, of: kid }
}
