import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { PrivateKey, type PublicKey } from '../contract/identity.ts'

export const ALGORITHM = 'ES256'

/** A new signing key for `issuer`, which its `kid` names. */
export async function createKey(issuer: string): Promise<PrivateKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return PrivateKey.parse({ ...jwk, kid: `${issuer}.${await calculateJwkThumbprint(jwk)}` })
}

export function toPublicKey({ d: _, ...key }: PrivateKey): PublicKey {
  return key
}

/** The issuer that a key id names. */
export function issuerOf(kid: string): string {
  return kid.slice(0, kid.indexOf('.'))
}
