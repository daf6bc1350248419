import { z } from 'zod'
import { Role, Scope } from './fields.ts'

/** Claims of a signed-in user's access token; `iss` is commodore. */
export const UserClaims = z.object({
  kind: z.literal('user'),
  sub: z.string(),
  tenant_id: z.string(),
  role: Role,
  operator: z.boolean(),
  sid: z.string().optional().describe('The session that it was made in'),
})

/** Claims of a media host's token; `iss` is quartermaster, `sub` the node. */
export const NodeClaims = z.object({ kind: z.literal('node'), sub: z.string(), cluster_id: z.string() })

/** Claims of a service's own token; `iss` and `sub` are both its name. */
export const ServiceClaims = z.object({ kind: z.literal('service'), sub: z.string() })

/** Claims of a ticket, which lets its holder in once at the service that is its audience; `iss` is commodore. */
export const TicketClaims = z.object({
  kind: z.literal('ticket'),
  sub: z.string().describe('The user, or the API token'),
  tenant_id: z.string(),
  scopes: z.array(Scope),
})

export const Claims = z.discriminatedUnion('kind', [UserClaims, NodeClaims, ServiceClaims, TicketClaims])
export type Claims = z.infer<typeof Claims>

/** The audience of tokens that every service accepts: users' and nodes'. */
export const PLATFORM_AUDIENCE = 'frameworks'

/** A private ES256 key as JWK; `kid` is `<issuer>.<RFC 7638 thumbprint>`. */
export const PrivateKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().regex(/^[a-z-]+\.[A-Za-z0-9_-]{43}$/),
})
export type PrivateKey = z.infer<typeof PrivateKey>

/** The public half, as it stands in the key set. */
export const PublicKey = PrivateKey.omit({ d: true })
export type PublicKey = z.infer<typeof PublicKey>

export const KeySet = z.object({ keys: z.array(PublicKey) })
export type KeySet = z.infer<typeof KeySet>
