import type { z } from 'zod'
import { audit } from '../../../shared/audit/audit.ts'
import { readAudit } from '../../../shared/audit/read-audit.ts'
import { requireService } from '../../../shared/context.ts'
import type { AuditPart, AuditPartRequest } from '../../../shared/contract/audit.ts'
import type { RecordChangeRequest } from '../../../shared/contract/quartermaster.ts'
import type { Ctx } from '../deps.ts'
import { noSuchTenant } from '../tenants/tenants.ts'

/** Our part of a tenant's audit log; for Commodore, which shows the whole of it and has asked for the caller's right. */
export async function readPart(ctx: Ctx, asked: z.infer<typeof AuditPartRequest>): Promise<z.infer<typeof AuditPart>> {
  requireService(ctx, 'commodore')
  return ctx.db.read({ tenant_id: asked.tenant_id }, async (tx) => ({ entries: await readAudit(tx, asked) }))
}

/** Writes down what somebody of a tenant changes at Foghorn, before it is changed there. */
export async function recordChange(
  ctx: Ctx,
  tenantId: string,
  { actor: by, address, ...change }: z.infer<typeof RecordChangeRequest>,
): Promise<void> {
  requireService(ctx, 'foghorn')
  const { address: _, ...told } = ctx
  const asked = address === null ? told : { ...told, address }
  await ctx.db.within({ tenant_id: tenantId }, async (tx) => {
    const tenant = tx.selectFrom('tenants').select('id').where('id', '=', tenantId)
    if (!(await tenant.executeTakeFirst())) throw noSuchTenant()
    await audit(tx, asked, { ...change, by })
  })
}
