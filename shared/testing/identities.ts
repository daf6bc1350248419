import type { Clock } from '../clock.ts'
import type { Role, Scope } from '../context.ts'
import type { KeySet, PrivateKey } from '../contract/identity.ts'
import { createKey, toPublicKey } from '../identity/key.ts'
import { createServiceTokens, createSigner, signNodeToken, signTicket, signUserToken } from '../identity/signer.ts'
import { newId } from '../ids.ts'

/** Real keys and tokens of the whole platform, as a test needs them. */
export interface Identities {
  keySet: KeySet
  keyOf(issuer: string): PrivateKey
  /** What each user whose token was made is, by id. */
  users: ReadonlyMap<string, { role: Role; operator: boolean }>
  user(tenantId: string, options?: { role?: Role; operator?: boolean; userId?: string }): Promise<string>
  node(clusterId: string, nodeId?: string): Promise<string>
  /** A ticket of Commodore's for `audience`. */
  ticket(tenantId: string, scopes: readonly Scope[], audience: string): Promise<string>
  /** A token of `service` for calls to `audience`. */
  service(service: string, audience: string): Promise<string>
}

const ISSUERS = [
  'commodore',
  'quartermaster',
  'purser',
  'periscope-query',
  'decklog',
  'foghorn',
  'signalman',
  'signalman-feed',
  'stranger',
] as const

export async function createIdentities(clock: Clock): Promise<Identities> {
  const keys = new Map<string, PrivateKey>()
  const users = new Map<string, { role: Role; operator: boolean }>()
  for (const issuer of ISSUERS) keys.set(issuer, await createKey(issuer))
  const keyOf = (issuer: string) => {
    const key = keys.get(issuer)
    if (!key) throw new Error(`no key of ${issuer}`)
    return key
  }
  const signer = (issuer: string) => createSigner(keyOf(issuer), clock)
  return {
    keySet: { keys: [...keys.values()].map(toPublicKey) },
    keyOf,
    users,
    user: (tenant_id, { role = 'owner', operator = false, userId = newId('user') } = {}) => {
      users.set(userId, { role, operator })
      return signUserToken(signer('commodore'), { sub: userId, tenant_id, role, operator })
    },
    node: (cluster_id, nodeId = newId('node')) => signNodeToken(signer('quartermaster'), { sub: nodeId, cluster_id }),
    ticket: (tenant_id, allowed, audience) =>
      signTicket(signer('commodore'), { sub: newId('user'), tenant_id, scopes: [...allowed] }, audience),
    service: (service, audience) => createServiceTokens(signer(service), audience, clock)(),
  }
}
