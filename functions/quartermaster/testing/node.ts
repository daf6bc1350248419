import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { z } from 'zod'
import { NodePublicKey } from '../../../shared/contract/quartermaster.ts'

interface AssertionOptions {
  now: Date
  seconds?: number
  issuer?: string
  audience?: string
  jti?: string
}

/** A media host's own key pair, and the assertions that it signs. */
export interface NodeKey {
  publicJwk: z.infer<typeof NodePublicKey>
  assert(nodeId: string, options: AssertionOptions): Promise<string>
}

export async function createNodeKey(): Promise<NodeKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  return {
    publicJwk: NodePublicKey.parse(await exportJWK(publicKey)),
    assert: (nodeId, { now, seconds = 30, issuer = nodeId, audience = 'quartermaster', jti = crypto.randomUUID() }) =>
      new SignJWT({ jti })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(Math.floor(now.getTime() / 1000) + seconds)
        .sign(privateKey),
  }
}
