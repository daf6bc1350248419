import { z } from 'zod'
import { AuditPart, AuditPartRequest } from './audit.ts'
import { endpoint } from './endpoint.ts'
import { ApiTokenId, ClusterId, EnrolmentTokenId, line, Name, NodeId, TenantId, Time, UserId } from './fields.ts'

export const ENROLMENT_USES_MAX = 1_000
export const ENROLMENT_HOURS_DEFAULT = 24
export const ENROLMENT_HOURS_MAX = 30 * 24
/** Longest life of the assertion by which a node asks for a token. */
export const ASSERTION_SECONDS_MAX = 60
export const ASSERTION_LENGTH_MAX = 2_048
export const ASSERTION_AUDIENCE = 'quartermaster'
export const ADDRESS_LENGTH_MAX = 255
export const RESOLVE_CLUSTERS_MAX = 500
export const ATTRIBUTES_MAX = 50
export const ATTRIBUTE_LENGTH_MAX = 500
export const LOGO_URL_LENGTH_MAX = 2_048
/** Private clusters of a tenant for which the operators have set no other limit. */
export const PRIVATE_CLUSTERS_DEFAULT = 5
/** Highest limit that operators may set. */
export const LIMIT_MAX = 1_000_000
/** Clusters that serve one tenant in an order of its own. */
export const TENANT_CLUSTERS_MAX = 50
/** Of the clusters that a tenant owns, so many are told to a service: the oldest. */
export const OWNED_CLUSTERS_MAX = 100

// --- tenants

export const TenantStatus = z
  .enum(['active', 'unpaid', 'suspended'])
  .describe('`unpaid` and `suspended` neither publish nor are played; the first ends by paying')
export type TenantStatus = z.infer<typeof TenantStatus>

export const CreateTenantRequest = z.object({
  provisioning_key: z
    .string()
    .regex(/^[\w:.-]{1,255}$/)
    .describe('The same key gets the same tenant, so a retry is safe'),
  name: Name,
})

export const Tenant = z
  .object({ id: TenantId, name: z.string(), status: TenantStatus, created_at: Time })
  .meta({ id: 'Tenant' })

const Limit = z.int().min(0).max(LIMIT_MAX).nullable().describe('Null: the platform’s default')

export const TenantLimits = z.strictObject({
  streams: Limit.default(null),
  private_clusters: Limit.default(null),
})
export type TenantLimits = z.infer<typeof TenantLimits>

const Colour = z.string().regex(/^#[0-9a-f]{6}$/i, 'not a colour like #6366f1')

/** How players and pages of a tenant look. */
export const Branding = z.strictObject({
  logo_url: z
    .url({ protocol: /^https$/, hostname: z.regexes.domain })
    .max(LOGO_URL_LENGTH_MAX)
    .optional(),
  primary_color: Colour.optional(),
  secondary_color: Colour.optional(),
})
export type Branding = z.infer<typeof Branding>

/** What a tenant notes of itself. */
export const Attributes = z
  .record(z.string().regex(/^[a-z][a-z0-9_.-]{0,63}$/), line(ATTRIBUTE_LENGTH_MAX))
  .refine((attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX, `at most ${ATTRIBUTES_MAX} attributes`)

export const TenantProfile = Tenant.extend({
  attributes: z.record(z.string(), z.string()),
  branding: Branding,
  limits: TenantLimits,
}).meta({ id: 'TenantProfile' })

export const UpdateTenant = z
  .strictObject({
    name: Name,
    attributes: Attributes.describe('All of them: one that is not named is gone'),
    branding: Branding.describe('All of it: what is not named is gone'),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')

export const UpdateTenantByOperator = z
  .strictObject({ status: TenantStatus, limits: TenantLimits.describe('All of them') })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')

export const SetTenantClusters = z.strictObject({
  cluster_ids: z
    .array(ClusterId)
    .max(TENANT_CLUSTERS_MAX)
    .refine((ids) => new Set(ids).size === ids.length, 'names a cluster twice')
    .describe('The tenant’s own and the platform’s, the preferred one first; the platform’s others follow in any case'),
})

export const TenantClusters = z.object({
  tenant_id: TenantId,
  status: TenantStatus,
  limits: TenantLimits,
  cluster_ids: z.array(ClusterId).describe('Clusters that may serve the tenant, the preferred one first'),
})

// --- clusters

export const ClusterKind = z.enum(['platform', 'private'])

export const OwnedClusters = z.object({
  clusters: z
    .array(z.object({ cluster_id: ClusterId, name: z.string(), kind: ClusterKind }))
    .describe('Clusters that the tenant itself runs, the oldest first'),
})

export const CreateCluster = z.strictObject({
  name: Name,
  kind: ClusterKind.default('private').describe('`platform` serves every tenant; for operators only'),
})

export const Cluster = z
  .object({
    id: ClusterId,
    name: z.string(),
    kind: ClusterKind,
    owned: z.boolean().describe('Whether it is yours, or the platform’s'),
    created_at: Time,
  })
  .meta({ id: 'Cluster' })

export const UpdateCluster = z.strictObject({ name: Name })

export const ResolveClustersRequest = z.object({ cluster_ids: z.array(ClusterId).max(RESOLVE_CLUSTERS_MAX) })

export const ResolveClustersResponse = z.object({
  clusters: z
    .array(z.object({ cluster_id: ClusterId, kind: ClusterKind, owner_tenant_id: TenantId }))
    .describe('Those that are known'),
})

// --- nodes

/** The base of a node's own MistServer as viewers reach it: scheme, host and port. */
export const Address = z
  .string()
  .max(ADDRESS_LENGTH_MAX)
  .regex(/^https?:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?\/?$/, 'not a base like https://edge1.example')

export const Location = z.strictObject({
  latitude: z.number().min(-90).max(90),
  longitude: z.number().min(-180).max(180),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .describe('ISO 3166-1 alpha-2'),
  city: Name.optional(),
})

const Coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'not a P-256 coordinate in base64url')

/** The public half of the key pair that a node made for itself. */
export const NodePublicKey = z
  .object({ kty: z.literal('EC'), crv: z.literal('P-256'), x: Coordinate, y: Coordinate })
  .describe('ES256 public key as JWK')

export const CreateEnrolmentToken = z.strictObject({
  cluster_id: ClusterId,
  name: Name,
  usage_limit: z.number().int().min(1).max(ENROLMENT_USES_MAX).default(1).describe('How many nodes it may enrol'),
  expires_in_hours: z.number().int().min(1).max(ENROLMENT_HOURS_MAX).default(ENROLMENT_HOURS_DEFAULT),
  address_range: z
    .union([z.cidrv4(), z.cidrv6()])
    .nullable()
    .default(null)
    .describe('Whence hosts may join by it, e.g. 203.0.113.0/24; null is anywhere'),
})

export const EnrolmentToken = z
  .object({
    id: EnrolmentTokenId,
    cluster_id: ClusterId,
    name: z.string(),
    usage_limit: z.number().int(),
    usage_count: z.number().int(),
    address_range: z.string().nullable(),
    created_at: Time,
    expires_at: Time,
  })
  .meta({ id: 'EnrolmentToken' })

export const CreatedEnrolmentToken = EnrolmentToken.extend({
  token: z.string().describe('The `en_…` secret; shown this once'),
})

export const EnrolNodeRequest = z.object({
  token: z.string().max(256),
  name: Name,
  public_jwk: NodePublicKey,
  address: Address.optional(),
  location: Location.optional(),
})

export const EnrolNodeResponse = z.object({ node_id: NodeId, cluster_id: ClusterId })

export const IssueNodeTokenRequest = z.object({
  node_id: NodeId,
  assertion: z
    .string()
    .max(ASSERTION_LENGTH_MAX)
    .describe('JWT, ES256 by the node’s key: iss = node id, aud = quartermaster, iat, exp within 60 s, jti'),
})

export const IssueNodeTokenResponse = z.object({
  token: z.string(),
  expires_in: z.number().int().describe('Seconds'),
})

export const NodeMode = z
  .enum(['active', 'draining', 'maintenance', 'disabled'])
  .describe('`draining` and `maintenance` (while it is worked on) take no new viewers; `disabled` gets no token either')

export const Node = z
  .object({
    id: NodeId,
    cluster_id: ClusterId,
    name: z.string(),
    mode: NodeMode,
    healthy: z.boolean().nullable().describe('As heartbeats tell; null before the first, false when they stopped'),
    health_reasons: z.array(z.string()).describe('Why it takes no viewers; `silent` when heartbeats stopped'),
    address: z.string().nullable(),
    location: Location.nullable(),
    last_seen_at: Time.nullable().describe('When it last got a token or sent a heartbeat'),
    created_at: Time,
  })
  .meta({ id: 'Node' })

export const UpdateNode = z
  .strictObject({
    name: Name,
    mode: NodeMode,
    address: Address,
    location: Location,
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')

/** Most hosts in one report: a cluster has no more. */
export const HEALTH_NODES_MAX = 1_000
/** How often a cluster reports its hosts, at most. */
export const HEALTH_INTERVAL_MS = 30_000
/** A host of which nothing was reported for longer is taken to be gone. */
export const HEALTH_SILENT_MS = 3 * HEALTH_INTERVAL_MS
/** Foghorn forgets a host long before. */
const HEALTH_AGE_MS_MAX = 3_600_000

export const ReportNodeHealthRequest = z.object({
  cluster_id: ClusterId,
  nodes: z
    .array(
      z.object({
        node_id: NodeId,
        age_ms: z.int().min(0).max(HEALTH_AGE_MS_MAX).describe('How long ago it was heard'),
        healthy: z.boolean(),
        reasons: z
          .array(z.string().regex(/^[a-z_]{1,64}$/))
          .max(16)
          .default([]),
      }),
    )
    .max(HEALTH_NODES_MAX)
    .refine((nodes) => new Set(nodes.map(({ node_id }) => node_id)).size === nodes.length, 'names a host twice'),
})

export const ReportNodeHealthResponse = z.object({
  nodes: z.array(z.object({ node_id: NodeId, mode: NodeMode })).describe('What is wanted of those that are known'),
})

// --- what services and media hosts call

export const createTenant = endpoint({
  method: 'POST',
  path: '/tenants',
  request: CreateTenantRequest,
  response: Tenant,
})

export const getTenantClusters = endpoint({
  method: 'GET',
  path: '/tenants/{tenant_id}/clusters',
  request: z.object({ tenant_id: TenantId }),
  response: TenantClusters,
  refusals: ['not_found'],
})

export const getOwnedClusters = endpoint({
  method: 'GET',
  path: '/tenants/{tenant_id}/owned-clusters',
  request: z.object({ tenant_id: TenantId }),
  response: OwnedClusters,
})

export const setTenantStatus = endpoint({
  method: 'PUT',
  path: '/tenants/{tenant_id}/status',
  request: z.object({ tenant_id: TenantId, status: TenantStatus }),
  response: Tenant,
  refusals: ['not_found'],
})

export const resolveClusters = endpoint({
  method: 'POST',
  path: '/clusters/resolve',
  request: ResolveClustersRequest,
  response: ResolveClustersResponse,
})

export const enrolNode = endpoint({
  method: 'POST',
  path: '/nodes/enrol',
  request: EnrolNodeRequest,
  response: EnrolNodeResponse,
  refusals: ['forbidden'],
})

export const issueNodeToken = endpoint({
  method: 'POST',
  path: '/nodes/token',
  request: IssueNodeTokenRequest,
  response: IssueNodeTokenResponse,
  refusals: ['forbidden'],
})

export const readTenantAudit = endpoint({
  method: 'GET',
  path: '/tenants/{tenant_id}/audit-log',
  request: AuditPartRequest,
  response: AuditPart,
})

/** A change that somebody of a tenant made at Foghorn, which keeps no audit log of its own. */
export const RecordChangeRequest = z.object({
  action: z.enum(['node.held_out', 'node.taken_back', 'cluster.weights_changed']),
  object_id: NodeId.or(ClusterId),
  details: z.record(z.string().max(32), z.number()).default({}),
  actor: z.object({ kind: z.enum(['user', 'api_token']), id: UserId.or(ApiTokenId) }).describe('Who made it'),
  address: z.union([z.ipv4(), z.ipv6()]).nullable().default(null).describe('Where the request came from'),
})

export const recordChange = endpoint({
  method: 'POST',
  path: '/tenants/{tenant_id}/audit-log',
  request: RecordChangeRequest.extend({ tenant_id: TenantId }),
  response: z.undefined(),
})

export const reportNodeHealth = endpoint({
  method: 'POST',
  path: '/nodes/health',
  request: ReportNodeHealthRequest,
  response: ReportNodeHealthResponse,
  refusals: ['not_found'],
})
