import { newEncryptionKeys } from '../../shared/encryption/keys.ts'
import { createKey, toPublicKey } from '../../shared/identity/key.ts'

/** The secret that holds each issuer's private key. */
const identitySecrets = {
  commodore: 'CommodoreIdentityKey',
  quartermaster: 'QuartermasterIdentityKey',
  'periscope-query': 'PeriscopeQueryIdentityKey',
  decklog: 'DecklogIdentityKey',
  foghorn: 'FoghornIdentityKey',
  signalman: 'SignalmanIdentityKey',
  'signalman-feed': 'SignalmanFeedIdentityKey',
} as const

/** The secrets of a stage that nobody has to know, made at random: by name. Where the stores are is for who made those to say. */
export async function makeSecrets(): Promise<Record<string, string>> {
  const keys = await Promise.all(
    Object.entries(identitySecrets).map(async ([issuer, secret]) => ({ secret, key: await createKey(issuer) })),
  )
  return {
    ...Object.fromEntries(keys.map(({ secret, key }) => [secret, JSON.stringify(key)])),
    IdentityPublicKeys: JSON.stringify({ keys: keys.map(({ key }) => toPublicKey(key)) }),
    CommodoreEncryptionKeys: newEncryptionKeys('k1'),
  }
}
