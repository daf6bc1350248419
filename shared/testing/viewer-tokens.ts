import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose'
import { newId } from '../ids.ts'

/** A tenant's signing key with its private half. */
export interface TenantKeyPair {
  id: string
  x: string
  y: string
  d: string
}

export async function createTenantKey(): Promise<TenantKeyPair> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const { x = '', y = '', d = '' } = await exportJWK(privateKey)
  return { id: newId('signingKey'), x, y, d }
}

/** A viewer's token as a tenant's own server would sign it; `header` and `claims` replace the usual ones. */
export async function signViewerToken(
  { id, ...key }: TenantKeyPair,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const signer = new SignJWT({ sub: 'viewer-1', jti: crypto.randomUUID(), ...claims })
  signer.setProtectedHeader({ alg: 'ES256', kid: id, ...header })
  return signer.sign(await importJWK({ kty: 'EC', crv: 'P-256', ...key }, 'ES256'))
}
