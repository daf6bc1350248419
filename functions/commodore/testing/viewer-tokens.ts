import type { z } from 'zod'
import { CreatedSigningKey } from '../../../shared/contract/playback.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import * as Tokens from '../../../shared/testing/viewer-tokens.ts'
import type { Account, TestCommodore } from './commodore.ts'

export type SigningKeyPair = z.infer<typeof CreatedSigningKey>

/** A tenant's new signing key, private half included. */
export function createSigningKey(door: TestCommodore, account: Account): Promise<SigningKeyPair> {
  return receive(CreatedSigningKey, send(door, 'POST /signing-keys', { token: account.token, body: { name: 'web' } }))
}

/** A viewer's token as a tenant's own server would sign it; `header` and `claims` replace the usual ones. */
export function signViewerToken(
  { id, private_jwk: { x, y, d } }: SigningKeyPair,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  return Tokens.signViewerToken({ id, x, y, d }, claims, header)
}
