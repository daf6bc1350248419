import { z } from 'zod'
import { Name, PlaybackRevocationId, SigningKeyId, StreamId, Time } from './fields.ts'
import { PageQuery } from './page.ts'

/** Keys of a tenant that are good at a time: enough to change them one by one. */
export const SIGNING_KEYS_MAX = 10
/** Longest life that is left to a viewer's token when it is presented: a day. */
export const VIEWER_TOKEN_SECONDS_MAX = 24 * 3600
/** Longest viewer's token; it travels in URLs. */
export const VIEWER_TOKEN_LENGTH_MAX = 2_048
export const VIEWER_ID_LENGTH_MAX = 256
export const PLAYBACK_REVOCATIONS_MAX = 10_000
export const REVOCATION_SECONDS_MAX = 366 * 24 * 3600
/** Keys of a tenant that Foghorn is told: all that are good, and the ones revoked last. */
export const SIGNING_KEYS_TOLD_MAX = 50
/** Revocations of one stream that Foghorn is told; when there are more, it asks about each token. */
export const REVOCATIONS_TOLD_MAX = 1_000

export const playbackPolicies = ['public', 'signed'] as const

export const PlaybackPolicy = z
  .enum(playbackPolicies)
  .describe('`public`: anybody may play; `signed`: who has a token signed by one of your signing keys')

// --- signing keys

export const CreateSigningKey = z.strictObject({ name: Name })

const PublicJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: SigningKeyId,
  alg: z.literal('ES256'),
})

export const SigningKey = z
  .object({
    id: SigningKeyId.describe('The `kid` of tokens that it signs'),
    name: z.string(),
    public_jwk: PublicJwk,
    created_at: Time,
    last_used_at: Time.nullable().describe('When a media host last let a viewer in by it, right to a minute'),
  })
  .meta({ id: 'SigningKey' })

export const CreatedSigningKey = SigningKey.extend({
  private_pem: z.string().describe('PKCS #8; shown this once'),
  private_jwk: PublicJwk.extend({ d: z.string() }).describe('The same key; shown this once'),
})

// --- revocations

export const revocationKinds = ['viewer', 'key', 'token'] as const

export const CreatePlaybackRevocation = z
  .strictObject({
    kind: z.enum(revocationKinds),
    subject: z
      .string()
      .min(1)
      .max(VIEWER_ID_LENGTH_MAX)
      .regex(/^[^\0\ud800-\udfff]*$/u, 'has NUL or half a character')
      .describe('`sub` of a viewer’s tokens, id of a signing key, or `jti` of a token'),
    stream_id: StreamId.optional().describe('Of a viewer: turned away from this stream alone'),
    expires_in_seconds: z
      .number()
      .int()
      .min(1)
      .max(REVOCATION_SECONDS_MAX)
      .optional()
      .describe('For good if absent; a token’s ends when no token can live any longer'),
  })
  .refine(({ kind, stream_id }) => kind === 'viewer' || stream_id === undefined, {
    message: 'only a viewer is turned away from one stream',
    path: ['stream_id'],
  })

export const PlaybackRevocation = z
  .object({
    id: PlaybackRevocationId,
    kind: z.enum(revocationKinds),
    subject: z.string(),
    stream_id: StreamId.nullable(),
    created_at: Time,
    expires_at: Time.nullable(),
  })
  .meta({ id: 'PlaybackRevocation' })

export const ListPlaybackRevocations = PageQuery.extend({
  kind: z.enum(revocationKinds).optional(),
  subject: CreatePlaybackRevocation.shape.subject.optional(),
})

// --- what the edge is told

/** By which Foghorn judges the tokens of a stream's viewers. */
export const ViewerRules = z.object({
  keys: z
    .array(PublicJwk.pick({ x: true, y: true }).extend({ id: SigningKeyId, revoked: z.boolean() }))
    .max(SIGNING_KEYS_TOLD_MAX)
    .describe('The tenant’s keys: all that are good, and the ones revoked last'),
  revocations: z
    .array(z.object({ kind: z.enum(revocationKinds), subject: z.string() }))
    .max(REVOCATIONS_TOLD_MAX)
    .nullable()
    .describe('What is turned away from this stream; null when that is too much to tell: ask about each token'),
})
