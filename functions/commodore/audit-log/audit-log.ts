export * as AuditLog from './audit-log.ts'

import type { z } from 'zod'
import { readAudit } from '../../../shared/audit/read-audit.ts'
import { call } from '../../../shared/client/client.ts'
import { requireTenant } from '../../../shared/context.ts'
import type { AuditQuery } from '../../../shared/contract/audit.ts'
import { readTenantAudit } from '../../../shared/contract/quartermaster.ts'
import { decodeCursor, toPage } from '../../../shared/page.ts'
import type { Ctx } from '../deps.ts'

/**
 * What was changed in the caller's tenant, newest first: our own entries and Quartermaster's as one list. Without
 * Quartermaster there is none, because a log with silent gaps says that nothing happened.
 */
export async function list(ctx: Ctx, { cursor, limit, ...filter }: z.infer<typeof AuditQuery>) {
  const tenant_id = requireTenant(ctx, 'account:read')
  const before = cursor === undefined ? undefined : decodeCursor(cursor, 1).join()
  const asked = { ...filter, tenant_id, before, limit: limit + 1 }
  const [theirs, ours] = await Promise.all([
    call(ctx.quartermaster, readTenantAudit, asked, { requestId: ctx.request_id }),
    ctx.db.read({ tenant_id }, (tx) => readAudit(tx, asked)),
  ])
  const entries = [...theirs.entries, ...ours].toSorted((a, b) => (a.id < b.id ? 1 : -1))
  return toPage(entries, limit, ({ id }) => [id])
}
