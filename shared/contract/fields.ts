import { z } from 'zod'

export const NAME_LENGTH_MAX = 120
export const DESCRIPTION_LENGTH_MAX = 2_000

// Neither control characters (Postgres refuses NUL) nor halves of a surrogate pair. Written out, not as \p{…}: the
// patterns stand in /openapi.json, and few readers of it outside JavaScript know Unicode's classes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it refuses
export const ONE_LINE = /^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]*$/u
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it refuses
const LINES = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ud800-\udfff]*$/u

/** An id as `newId` makes it: the prefix of its kind and a UUIDv7. */
function id(prefix: string) {
  const pattern = new RegExp(`^${prefix}_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
  return z.string().regex(pattern, `not an id of the form ${prefix}_…`)
}

export const UserId = id('usr')
export const SessionId = id('ses')
export const TenantId = id('ten')
export const ApiTokenId = id('tok')
export const StreamId = id('str')
export const StreamKeyId = id('key')
export const SigningKeyId = id('sgn')
export const PlaybackRevocationId = id('rev')
export const PushTargetId = id('psh')
export const ClusterId = id('clu')
export const NodeId = id('nod')
export const EnrolmentTokenId = id('enr')
export const InvitationId = id('inv')
export const WebhookEndpointId = id('whe')
export const WebhookDeliveryId = id('whd')

/** A line of text that may be empty. */
export function line(lengthMax: number) {
  return z.string().trim().max(lengthMax).regex(ONE_LINE, 'has control characters')
}

export const Name = z.string().trim().min(1).max(NAME_LENGTH_MAX).regex(ONE_LINE, 'has control characters')
export const Description = z.string().trim().max(DESCRIPTION_LENGTH_MAX).regex(LINES, 'has control characters')

/** RFC 3339 in UTC with milliseconds, as every service writes times. */
export const Time = z.iso.datetime()

/** What a token may do. */
export const Scope = z.enum([
  'account:read',
  'account:write',
  'streams:read',
  'streams:write',
  'analytics:read',
  'infrastructure:read',
  'infrastructure:write',
])

export const Role = z.enum(['viewer', 'member', 'admin', 'owner'])

export const Tenant = z.object({ id: TenantId, role: Role }).describe('The tenant and what the user is in it')
