import { z } from 'zod'
import { TenantId, Time } from './fields.ts'
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX, PageQuery } from './page.ts'

export const AUDIT_FILTER_LENGTH_MAX = 128

// Postgres refuses NUL; nothing that is looked for has other control characters either.
const Filter = z
  .string()
  .regex(/^[\x21-\x7e]*$/, 'has other than printable ASCII characters')
  .max(AUDIT_FILTER_LENGTH_MAX)
  .optional()

/** `GET /audit-log`: which entries, newest first. */
export const AuditQuery = PageQuery.extend({
  action: Filter.describe('Exactly this one, e.g. `stream.created`'),
  object_id: Filter.describe('Of this object alone'),
  actor_id: Filter.describe('By this user, API token, media host or service alone'),
  from: Time.optional().describe('Not before'),
  to: Time.optional().describe('Before'),
})

export const AuditEntry = z
  .object({
    id: z.string(),
    at: Time,
    actor: z
      .object({
        kind: z.string().describe('`user`, `api_token`, `node`, `service` or `anonymous`'),
        id: z.string().nullable(),
      })
      .describe('Who did it'),
    address: z.string().nullable().describe('Where the request came from, when a trusted front told it'),
    action: z.string().describe('A noun and what was done to it: `stream.created`'),
    object_id: z.string(),
    details: z.record(z.string(), z.unknown()),
    request_id: z.string(),
  })
  .meta({ id: 'AuditEntry' })

/** What one service asks of another's part of a tenant's log: entries after (older than) `before`. */
export const AuditPartRequest = AuditQuery.omit({ cursor: true }).extend({
  tenant_id: TenantId,
  before: Filter.describe('An entry’s id'),
  // One more than a page, by which its reader knows whether another follows.
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_LIMIT_MAX + 1)
    .default(PAGE_LIMIT_DEFAULT + 1),
})

export const AuditPart = z.object({ entries: z.array(AuditEntry) })
