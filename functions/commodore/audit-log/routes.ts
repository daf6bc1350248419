import { Hono } from 'hono'
import { AuditEntry, AuditQuery } from '../../../shared/contract/audit.ts'
import { Page } from '../../../shared/contract/page.ts'
import { operation, query } from '../../../shared/http/route.ts'
import type { AppEnv } from '../deps.ts'
import { AuditLog } from './audit-log.ts'

export const auditLog = new Hono<AppEnv>().get(
  '/',
  operation({
    summary: 'What was changed in your tenant, and by whom',
    description: 'Newest first, of all services.',
    auth: 'tenant',
    ok: { schema: Page(AuditEntry) },
  }),
  query(AuditQuery),
  async (c) => c.json(await AuditLog.list(c.var.ctx, c.req.valid('query')), 200),
)
