import type { Generated, GeneratedAlways } from 'kysely'
import type { Role, Scope } from '../../shared/context.ts'
import type { PublicKey } from '../../shared/contract/identity.ts'

export interface Tables {
  webhook_endpoints: {
    id: string
    tenant_id: string
    url: string
    description: string
    event_types: string[]
    secret: string
    previous_secret: Generated<string | null>
    previous_until: Generated<Date | null>
    enabled: Generated<boolean>
    disabled_reason: Generated<string | null>
    failing_since: Generated<Date | null>
    created_at: Date
    updated_at: Date
  }
  webhook_deliveries: {
    id: string
    tenant_id: string
    endpoint_id: string
    event_type: string
    subject: string
    body: string
    status: Generated<'pending' | 'delivered' | 'failed'>
    attempts: Generated<number>
    response_status: Generated<number | null>
    error: Generated<string | null>
    created_at: Date
    last_attempt_at: Generated<Date | null>
    next_attempt_at: Date | null
    delivered_at: Generated<Date | null>
    event_id: Generated<string | null>
  }
  users: {
    id: string
    email: string
    operator: Generated<boolean>
    active: Generated<boolean>
    tenant_id: Generated<string | null>
    created_at: Date
    name: Generated<string>
    tenant_name: Generated<string | null>
  }
  registrations: {
    id: string
    email: string
    hash: string
    tenant_name: string
    created_at: Date
    expires_at: Date
  }
  mailed_tokens: {
    token_hash: string
    kind: 'verification' | 'reset'
    email: string
    object_id: string
    expires_at: Date
  }
  invitations: {
    id: string
    tenant_id: string
    email: string
    role: Role
    token_hash: Generated<string | null>
    created_at: Date
    expires_at: Date
    accepted_at: Generated<Date | null>
    revoked_at: Generated<Date | null>
  }
  identity_keys: {
    kid: string
    public_key: PublicKey
    private_key: string
    created_at: Date
    current_at: Generated<Date | null>
    retired_at: Generated<Date | null>
  }
  throttles: { key_hash: string; full_at: Date }
  passwords: { user_id: string; hash: string; changed_at: Date }
  memberships: { tenant_id: string; user_id: string; role: Role; created_at: Date }
  sessions: {
    id: string
    user_id: string
    tenant_id: string
    created_at: Date
    last_used_at: Date
    expires_at: Date
    revoked_at: Date | null
    revoked_for: string | null
  }
  refresh_tokens: {
    token_hash: string
    session_id: string
    user_id: string
    created_at: Date
    expires_at: Date
    rotated_at: Date | null
  }
  api_tokens: {
    id: string
    tenant_id: string
    user_id: string
    name: string
    token_hash: string
    scopes: Scope[]
    created_at: Date
    expires_at: Date | null
    last_used_at: Date | null
    revoked_at: Date | null
  }
  streams: {
    id: string
    tenant_id: string
    title: string
    /** The title in lower case, by which streams are sorted and found. */
    title_key: GeneratedAlways<string>
    description: string
    record: boolean
    dvr: boolean
    playback_policy: Generated<'public' | 'signed'>
    enabled: Generated<boolean>
    playback_id: string
    internal_name: string
    created_at: Date
    updated_at: Date
    deleted_at: Date | null
  }
  signing_keys: {
    id: string
    tenant_id: string
    name: string
    public_jwk: { x: string; y: string }
    created_at: Date
    last_used_at: Date | null
    revoked_at: Date | null
  }
  playback_revocations: {
    id: string
    tenant_id: string
    kind: 'viewer' | 'key' | 'token'
    subject: string
    stream_id: string | null
    created_at: Date
    expires_at: Date | null
  }
  push_targets: {
    id: string
    tenant_id: string
    stream_id: string
    name: string
    encrypted_url: string
    redacted_url: string
    enabled: boolean
    created_at: Date
    updated_at: Date
  }
  stream_keys: {
    id: string
    tenant_id: string
    stream_id: string
    name: string
    key_hash: string
    last_four: string
    created_at: Date
    last_used_at: Date | null
    expires_at: Date | null
    revoked_at: Date | null
  }
}
