import { importJWK, SignJWT } from 'jose'
import type { z } from 'zod'
import { CreatedSigningKey } from '../../../shared/contract/playback.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import type { Account, TestCommodore } from './commodore.ts'

export type SigningKeyPair = z.infer<typeof CreatedSigningKey>

/** A tenant's new signing key, private half included. */
export function createSigningKey(door: TestCommodore, account: Account): Promise<SigningKeyPair> {
  return receive(CreatedSigningKey, send(door, 'POST /signing-keys', { token: account.token, body: { name: 'web' } }))
}

/** A viewer's token as a tenant's own server would sign it; `header` and `claims` replace the usual ones. */
export async function signViewerToken(
  key: SigningKeyPair,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const signer = new SignJWT({ sub: 'viewer-1', jti: crypto.randomUUID(), ...claims })
  signer.setProtectedHeader({ alg: 'ES256', kid: key.id, ...header })
  return signer.sign(await importJWK(key.private_jwk, 'ES256'))
}
