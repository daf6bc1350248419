import { Hono } from 'hono'
import { z } from 'zod'
import { AuditPart, AuditPartRequest } from '../../../shared/contract/audit.ts'
import { TenantId } from '../../../shared/contract/fields.ts'
import { Page, PageQuery } from '../../../shared/contract/page.ts'
import {
  CreateTenantRequest,
  OwnedClusters,
  RecordChangeRequest,
  SetTenantClusters,
  Tenant,
  TenantClusters,
  TenantProfile,
  TenantStatus,
  UpdateTenant,
  UpdateTenantByOperator,
} from '../../../shared/contract/quartermaster.ts'
import { body, operation, path, query } from '../../../shared/http/route.ts'
import { readPart, recordChange } from '../audit-log/audit-log.ts'
import { Clusters } from '../clusters/clusters.ts'
import type { AppEnv } from '../deps.ts'
import { getTenant, listTenants, setTenantClusters, updateTenant } from './operators.ts'
import { Tenants } from './tenants.ts'

const ofTenant = path(z.object({ id: TenantId }))

export const tenants = new Hono<AppEnv>()
  .post(
    '/',
    operation({
      summary: 'Get or make the tenant of a provisioning key',
      description: 'The same key always gets the same tenant; its name is that of the first call.',
      auth: 'service',
      ok: { schema: Tenant },
    }),
    body(CreateTenantRequest),
    async (c) => c.json(await Tenants.ensure(c.var.ctx, c.req.valid('json')), 200),
  )
  .get(
    '/',
    operation({ summary: 'All tenants, newest first', auth: 'operator', ok: { schema: Page(TenantProfile) } }),
    query(PageQuery),
    async (c) => c.json(await listTenants(c.var.ctx, c.req.valid('query')), 200),
  )
  .get('/current', operation({ summary: 'Your tenant', auth: 'tenant', ok: { schema: TenantProfile } }), async (c) =>
    c.json(await Tenants.current(c.var.ctx), 200),
  )
  .patch(
    '/current',
    operation({
      summary: 'Change your tenant’s name, attributes or branding',
      auth: 'tenant',
      ok: { schema: TenantProfile },
    }),
    body(UpdateTenant),
    async (c) => c.json(await Tenants.update(c.var.ctx, c.req.valid('json')), 200),
  )
  .get(
    '/:id',
    operation({ summary: 'A tenant', auth: 'operator', ok: { schema: TenantProfile }, faults: ['not_found'] }),
    ofTenant,
    async (c) => c.json(await getTenant(c.var.ctx, c.req.valid('param').id), 200),
  )
  .patch(
    '/:id',
    operation({
      summary: 'Set what a tenant may',
      auth: 'operator',
      ok: { schema: TenantProfile },
      faults: ['not_found'],
    }),
    ofTenant,
    body(UpdateTenantByOperator),
    async (c) => c.json(await updateTenant(c.var.ctx, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  .put(
    '/:id/clusters',
    operation({
      summary: 'Set which clusters serve a tenant, in order of preference',
      auth: 'operator',
      ok: { schema: SetTenantClusters },
      faults: ['not_found'],
    }),
    ofTenant,
    body(SetTenantClusters),
    async (c) => c.json(await setTenantClusters(c.var.ctx, c.req.valid('param').id, c.req.valid('json')), 200),
  )
  .get(
    '/:id/clusters',
    operation({
      summary: 'Which clusters serve a tenant, in order of preference',
      auth: 'service',
      ok: { schema: TenantClusters },
      faults: ['not_found'],
    }),
    ofTenant,
    async (c) => c.json(await Tenants.clusters(c.var.ctx, c.req.valid('param').id), 200),
  )
  .get(
    '/:id/owned-clusters',
    operation({
      summary: 'Which clusters a tenant itself runs',
      description: 'The oldest ones, without pages; an unknown tenant runs none.',
      auth: 'service',
      ok: { schema: OwnedClusters },
      faults: ['not_found'],
    }),
    ofTenant,
    async (c) => c.json(await Clusters.owned(c.var.ctx, c.req.valid('param').id), 200),
  )
  .get(
    '/:id/audit-log',
    operation({
      summary: 'What was changed of a tenant here',
      auth: 'service',
      ok: { schema: AuditPart },
      faults: ['not_found'],
    }),
    ofTenant,
    query(AuditPartRequest.omit({ tenant_id: true })),
    async (c) => {
      const asked = { ...c.req.valid('query'), tenant_id: c.req.valid('param').id }
      return c.json(await readPart(c.var.ctx, asked), 200)
    },
  )
  .post(
    '/:id/audit-log',
    operation({
      summary: 'Write down what somebody of a tenant changes at Foghorn',
      auth: 'service',
      ok: { status: 204 },
      faults: ['not_found'],
    }),
    ofTenant,
    body(RecordChangeRequest),
    async (c) => {
      await recordChange(c.var.ctx, c.req.valid('param').id, c.req.valid('json'))
      return c.body(null, 204)
    },
  )
  .put(
    '/:id/status',
    operation({
      summary: 'Suspend a tenant, or let it go on',
      auth: 'service',
      ok: { schema: Tenant },
      faults: ['not_found'],
    }),
    ofTenant,
    body(z.object({ status: TenantStatus })),
    async (c) => c.json(await Tenants.setStatus(c.var.ctx, c.req.valid('param').id, c.req.valid('json').status), 200),
  )
