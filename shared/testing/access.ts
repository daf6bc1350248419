import type { Clock } from '../clock.ts'
import { type Claims, PLATFORM_AUDIENCE } from '../contract/identity.ts'
import { createKey } from '../identity/key.ts'
import { createSigner, USER_TOKEN_SECONDS } from '../identity/signer.ts'
import { newId } from '../ids.ts'
import type { Identities } from './identities.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** Tokens that open nothing anywhere, for `tenantId` where they name one, by what is wrong with them. */
export async function uselessTokens(
  { keyOf, service }: Identities,
  tenantId: string,
  clock: Clock,
): Promise<Map<string, string>> {
  const commodore = keyOf('commodore')
  const user: Claims = { kind: 'user', sub: newId('user'), tenant_id: tenantId, role: 'owner', operator: true }
  const sign = (key = commodore, audience = PLATFORM_AUDIENCE, now = clock) =>
    createSigner(key, now).sign(user, audience, USER_TOKEN_SECONDS)
  const shifted = (ms: number) => () => new Date(clock().getTime() + ms)
  const good = await sign()
  return new Map([
    ['expired', await sign(commodore, PLATFORM_AUDIENCE, shifted(-DAY_MS))],
    ['of another audience', await sign(commodore, 'elsewhere')],
    ['for another service', await service('commodore', 'elsewhere')],
    ['of an issuer that may not make users', await sign(keyOf('decklog'))],
    ['signed with a key that nobody published', await sign(await createKey('commodore'))],
    ['signed with another key than it names', await sign({ ...keyOf('stranger'), kid: commodore.kid })],
    ['with its signature cut off', good.slice(0, good.lastIndexOf('.') + 1)],
    ['with a letter of its claims changed', good.replace(/\.(.)/, (_, first) => `.${first === 'e' ? 'f' : 'e'}`)],
    ['not a token', 'x'],
  ])
}

/** Asks with no token and with each useless one, and throws for the first answer that is not 401. */
export async function expectUnauthenticated(
  line: string,
  useless: ReadonlyMap<string, string>,
  ask: (token?: string) => Promise<{ status: number }>,
): Promise<void> {
  const tokens = new Map<string, string | undefined>([['none', undefined], ...useless])
  for (const [what, token] of tokens) {
    const { status } = await ask(token)
    if (status !== 401) throw new Error(`${line} with a token that is ${what}: ${status} instead of 401`)
  }
}
