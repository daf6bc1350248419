import type { z } from 'zod'
import { readAudit } from '../../../shared/audit/read-audit.ts'
import { requireService } from '../../../shared/context.ts'
import type { AuditPart, AuditPartRequest } from '../../../shared/contract/audit.ts'
import type { Ctx } from '../deps.ts'

/** Our part of a tenant's audit log; for Commodore, which shows the whole of it and has asked for the caller's right. */
export async function readPart(ctx: Ctx, asked: z.infer<typeof AuditPartRequest>): Promise<z.infer<typeof AuditPart>> {
  requireService(ctx, 'commodore')
  return ctx.db.read({ tenant_id: asked.tenant_id }, async (tx) => ({ entries: await readAudit(tx, asked) }))
}
