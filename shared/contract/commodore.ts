import { z } from 'zod'
import { endpoint } from './endpoint.ts'
import {
  ApiTokenId,
  Description,
  NAME_LENGTH_MAX,
  Name,
  ONE_LINE,
  PushTargetId,
  Scope,
  StreamId,
  StreamKeyId,
  TenantId,
  Time,
} from './fields.ts'
import { PageQuery } from './page.ts'
import { PlaybackPolicy, ViewerRules } from './playback.ts'

/** Longest credential or public name that a caller may present; ours are under 64. */
export const PRESENTED_LENGTH_MAX = 256
export const RESOLVE_NAMES_MAX = 500
export const API_TOKEN_DAYS_MAX = 366
/** Streams of a tenant at a time, where Quartermaster says nothing else. */
export const STREAMS_MAX = 1_000
/** Keys of one stream that are good at a time: enough to change them one by one. */
export const STREAM_KEYS_MAX = 20
/** Longest time for which a replaced stream key is still honoured: a week. */
export const KEY_OVERLAP_SECONDS_MAX = 7 * 24 * 3600

// --- API tokens

export const CreateApiToken = z.strictObject({
  name: Name,
  scopes: z.array(Scope).min(1).max(Scope.options.length).describe('At most what your own role may do'),
  expires_in_days: z.number().int().min(1).max(API_TOKEN_DAYS_MAX).optional().describe('Never expires if absent'),
})

export const ApiToken = z
  .object({
    id: ApiTokenId,
    name: z.string(),
    scopes: z.array(Scope),
    created_at: Time,
    expires_at: Time.nullable(),
    last_used_at: Time.nullable().describe('Right to a minute'),
  })
  .meta({ id: 'ApiToken' })

export const CreatedApiToken = ApiToken.extend({ token: z.string().describe('The `fw_…` secret; shown this once') })

export const VerifyApiTokenRequest = z.object({ token: z.string().max(PRESENTED_LENGTH_MAX) })

export const VerifyApiTokenResponse = z.discriminatedUnion('valid', [
  z.object({
    valid: z.literal(true),
    token_id: ApiTokenId,
    tenant_id: TenantId,
    scopes: z.array(Scope),
    operator: z.boolean(),
    expires_at: Time.nullable(),
  }),
  z.object({ valid: z.literal(false), reason: z.string() }),
])

// --- streams

export const CreateStream = z.strictObject({
  title: Name,
  description: Description.default(''),
  record: z.boolean().default(false).describe('Whether what is published is recorded'),
  dvr: z.boolean().default(false).describe('Whether viewers may rewind'),
  playback_policy: PlaybackPolicy.default('public'),
})

export const streamSorts = ['created_at', '-created_at', 'title', '-title'] as const
export type StreamSort = (typeof streamSorts)[number]

const Flag = z.enum(['true', 'false']).optional()

export const ListStreams = PageQuery.extend({
  search: z.string().trim().max(NAME_LENGTH_MAX).regex(ONE_LINE).optional().describe('Part of the title, in any case'),
  sort: z.enum(streamSorts).optional().describe('`-` for descending; `-created_at` if absent. A cursor keeps its own'),
  enabled: Flag,
  record: Flag,
  dvr: Flag,
  playback_policy: PlaybackPolicy.optional(),
})

export const UpdateStream = z
  .strictObject({
    title: Name,
    description: Description,
    record: z.boolean(),
    dvr: z.boolean(),
    playback_policy: PlaybackPolicy,
    enabled: z.boolean().describe('A disabled stream takes no publisher and no viewer'),
  })
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'names nothing to change')

export const Stream = z
  .object({
    id: StreamId,
    title: z.string(),
    description: z.string(),
    record: z.boolean(),
    dvr: z.boolean(),
    playback_policy: PlaybackPolicy,
    enabled: z.boolean(),
    playback_id: z.string().describe('Public: part of every viewer’s URL'),
    internal_name: z.string().describe('What media hosts call it; never shown to viewers'),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'Stream' })

export const CreatedStream = Stream.extend({
  stream_key: z.string().describe('The `sk_…` secret of its first key; shown this once'),
})

export const CreateStreamKey = z.strictObject({ name: Name })

export const StreamKey = z
  .object({
    id: StreamKeyId,
    name: z.string(),
    last_four: z.string().describe('How the secret ends, to tell keys apart'),
    created_at: Time,
    last_used_at: Time.nullable().describe('Right to a minute'),
    expires_at: Time.nullable().describe('When it ends because it was replaced'),
  })
  .meta({ id: 'StreamKey' })

export const RotateStreamKey = z.strictObject({
  overlap_seconds: z
    .number()
    .int()
    .min(0)
    .max(KEY_OVERLAP_SECONDS_MAX)
    .describe('How long the old key is still honoured; 0 ends it now'),
})

export const CreatedStreamKey = StreamKey.extend({
  stream_key: z.string().describe('The `sk_…` secret; shown this once'),
})

// --- what services and media hosts ask

const Presented = z.string().max(PRESENTED_LENGTH_MAX)
const Denied = z.object({ allowed: z.literal(false), reason: z.string().describe('Stable, see `denials`') })

/** Why publishing or playing is denied; callers must bear reasons that they do not know yet. */
export const denials = [
  'unknown_key',
  'unknown_playback_id',
  'unknown_stream',
  'stream_disabled',
  'tenant_suspended',
  'payment_required',
  'cluster_not_entitled',
  'token_required',
  'token_malformed',
  'token_invalid',
  'token_key_unknown',
  'key_revoked',
  'token_expired',
  'token_not_yet_valid',
  'token_lives_too_long',
  'token_wrong_stream',
  'token_wrong_protocol',
  'token_wrong_address',
  'viewer_revoked',
  'token_revoked',
] as const
export type Denial = (typeof denials)[number]

export const AuthorizeIngestRequest = z.object({
  stream_key: Presented,
  protocol: Presented,
  publisher_host: Presented.optional(),
})

export const AuthorizeIngestResponse = z.discriminatedUnion('allowed', [
  z.object({
    allowed: z.literal(true),
    tenant_id: TenantId,
    stream_id: StreamId,
    internal_name: z.string(),
    runtime_name: z.string().describe('`live+` and the internal name: what MistServer calls the stream'),
    playback_id: z.string(),
    record: z.boolean(),
    dvr: z.boolean(),
    push_targets: z
      .array(z.object({ id: PushTargetId, url: z.string() }))
      .optional()
      .describe('Where the stream is to be sent on to, secrets included: for media hosts alone'),
    cluster_ids: z
      .array(z.string())
      .optional()
      .describe('Clusters that serve the tenant, the preferred one first: for Foghorn alone'),
  }),
  Denied,
])

export const AuthorizePlaybackRequest = z
  .object({
    playback_id: Presented.optional(),
    runtime_name: Presented.optional(),
    viewer_host: Presented.optional(),
    protocol: Presented.optional(),
    token: z.string().max(4096).optional(),
    purpose: z
      .enum(['view', 'source', 'rules'])
      .default('view')
      .describe(
        '`source`: a media host asks whether the stream has an owner, itself or by Foghorn; no viewer, so no token. `rules`: Foghorn asks once for all viewers',
      ),
  })
  .refine(
    (request) => (request.playback_id === undefined) !== (request.runtime_name === undefined),
    'name the stream by playback_id or by runtime_name',
  )

export const AuthorizePlaybackResponse = z.discriminatedUnion('allowed', [
  z.object({
    allowed: z.literal(true),
    tenant_id: TenantId,
    stream_id: StreamId,
    playback_id: z.string(),
    internal_name: z.string(),
    runtime_name: z.string(),
    viewer_until: Time.optional().describe('When the viewer’s token ends, and this permission with it'),
    cluster_ids: z.array(z.string()).describe('Clusters that serve the tenant, the preferred one first'),
    viewer_rules: ViewerRules.optional().describe('Of a signed stream, where `rules` were asked for'),
  }),
  Denied,
])

export const ResolveStreamsRequest = z
  .object({
    internal_names: z.array(Presented).max(RESOLVE_NAMES_MAX).default([]),
    stream_ids: z.array(Presented).max(RESOLVE_NAMES_MAX).default([]),
  })
  .refine(
    ({ internal_names, stream_ids }) => internal_names.length + stream_ids.length <= RESOLVE_NAMES_MAX,
    `at most ${RESOLVE_NAMES_MAX} names`,
  )

export const ResolveStreamsResponse = z.object({
  streams: z
    .array(z.object({ internal_name: z.string(), stream_id: StreamId, tenant_id: TenantId, playback_id: z.string() }))
    .describe('Those that are known, deleted ones included: their last events come late'),
})

export const verifyApiToken = endpoint({
  method: 'POST',
  path: '/api-tokens/verify',
  request: VerifyApiTokenRequest,
  response: VerifyApiTokenResponse,
})

export const authorizeIngest = endpoint({
  method: 'POST',
  path: '/ingest/authorize',
  request: AuthorizeIngestRequest,
  response: AuthorizeIngestResponse,
})

export const authorizePlayback = endpoint({
  method: 'POST',
  path: '/playback/authorize',
  request: AuthorizePlaybackRequest,
  response: AuthorizePlaybackResponse,
})

export const resolveStreams = endpoint({
  method: 'POST',
  path: '/streams/resolve',
  request: ResolveStreamsRequest,
  response: ResolveStreamsResponse,
})
