import type { ColumnType, Generated } from 'kysely'
import type { z } from 'zod'
import type {
  Branding,
  ClusterKind,
  Location,
  NodeMode,
  NodePublicKey,
  TenantLimits,
  TenantStatus,
} from '../../shared/contract/quartermaster.ts'

type Json<T> = ColumnType<T, string, string>
type JsonWithDefault<T> = ColumnType<T, string | undefined, string>

export interface Tables {
  tenants: {
    id: string
    provisioning_key: string
    name: string
    status: Generated<z.infer<typeof TenantStatus>>
    attributes: JsonWithDefault<Record<string, string>>
    branding: JsonWithDefault<Branding>
    limits: JsonWithDefault<Partial<TenantLimits>>
    created_at: Date
  }
  clusters: {
    id: string
    owner_tenant_id: string
    kind: z.infer<typeof ClusterKind>
    name: string
    created_at: Date
  }
  tenant_clusters: { tenant_id: string; cluster_id: string; position: number }
  enrolment_tokens: {
    id: string
    tenant_id: string
    cluster_id: string
    name: string
    token_hash: string
    usage_limit: number
    usage_count: Generated<number>
    address_range: string | null
    created_at: Date
    expires_at: Date
    revoked_at: Date | null
  }
  nodes: {
    id: string
    tenant_id: string
    cluster_id: string
    enrolment_token_id: string
    name: string
    mode: Generated<z.infer<typeof NodeMode>>
    healthy: Generated<boolean | null>
    health_reasons: Generated<string[]>
    health_at: Generated<Date | null>
    public_jwk: Json<z.infer<typeof NodePublicKey>>
    key_thumbprint: string
    address: string | null
    location: Json<z.infer<typeof Location> | null> | null
    last_seen_at: Date | null
    created_at: Date
  }
  service_instances: {
    service: string
    id: string
    base_url: string
    version: string
    registered_at: Date
    seen_at: Date
    expires_at: Date
  }
  used_assertions: { tenant_id: string; node_id: string; jti_hash: string; expires_at: Date }
}
