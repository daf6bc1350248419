import { join } from 'node:path'
import { z } from 'zod'
import { type KeySet, PrivateKey } from '../../shared/contract/identity.ts'
import { newEncryptionKeys } from '../../shared/encryption/keys.ts'
import { createKey, toPublicKey } from '../../shared/identity/key.ts'
import { randomCode } from '../../shared/random.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/** Who signs tokens of its own. */
const issuers = [
  'commodore',
  'quartermaster',
  'periscope-query',
  'periscope-ingest',
  'decklog',
  'foghorn',
  'signalman',
  'signalman-feed',
] as const
export type Issuer = (typeof issuers)[number]

const Secrets = z.object({
  postgres_password: z.string(),
  clickhouse_password: z.string(),
  role_password: z.string(),
  demo_password: z.string(),
  // Made for a state that an older version wrote.
  encryption_keys: z.string().default(() => newEncryptionKeys('k1')),
  keys: z.record(z.enum(issuers), PrivateKey),
})
export type Secrets = z.infer<typeof Secrets>

/** As an older version may have written it, which knew fewer issuers. */
const Stored = Secrets.extend({ keys: z.partialRecord(z.enum(issuers), PrivateKey) })

/** This machine's own secrets: made at the first start, kept in `<state>/secrets.json` for the user alone. */
export async function loadSecrets(statePath: string): Promise<Secrets> {
  const path = join(statePath, 'secrets.json')
  const stored = await readJsonFile(path, Stored)
  const secrets = stored ? { ...stored, keys: await completeKeys(stored.keys) } : await createSecrets()
  await writeJsonFile(path, secrets)
  return secrets
}

async function createSecrets(): Promise<Secrets> {
  return Secrets.parse({
    postgres_password: randomCode(32),
    clickhouse_password: randomCode(32),
    role_password: randomCode(32),
    demo_password: randomCode(16),
    keys: await completeKeys({}),
  })
}

async function completeKeys(known: Partial<Secrets['keys']>): Promise<Secrets['keys']> {
  const keys = await Promise.all(
    issuers.map(async (issuer) => [issuer, known[issuer] ?? (await createKey(issuer))] as const),
  )
  return Object.fromEntries(keys) as Secrets['keys']
}

/** The public halves of all issuers' keys, which Commodore serves. */
export function keySetOf(secrets: Secrets): KeySet {
  return { keys: Object.values(secrets.keys).map(toPublicKey) }
}
