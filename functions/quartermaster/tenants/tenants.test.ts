import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { createTenant, getTenantClusters, setTenantStatus, Tenant } from '../../../shared/contract/quartermaster.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, send } from '../../../shared/testing/api.ts'
import { openQuartermaster, type TestQuartermaster } from '../testing/quartermaster.ts'

let door: TestQuartermaster

beforeAll(async () => {
  door = await openQuartermaster()
})
afterAll(() => door[Symbol.asyncDispose]())

const as = (service: string) => ({
  service: 'quartermaster',
  baseUrl: new URL('http://quartermaster.test'),
  token: () => door.identities.service(service, 'quartermaster'),
  fetch: door.fetch,
})

test('a provisioning key gets one tenant, however often and by however many at once', async () => {
  const ensure = (name: string) => call(as('commodore'), createTenant, { provisioning_key: 'user:1', name })
  const tenants = await Promise.all(['First', 'Second', 'Third'].map(ensure))
  tenants.push(await ensure('Fourth'))
  expect(new Set(tenants.map(({ id }) => id)).size).toBe(1)
  expect(new Set(tenants.map(({ name }) => name)).size).toBe(1)
})

test('a user sees the own tenant', async () => {
  const acme = await door.tenant('Acme')
  const seen = await receive(Tenant, send(door, 'GET /tenants/current', { token: acme.token }))
  expect(seen).toEqual({ id: acme.id, name: 'Acme', status: 'active', created_at: door.now().toISOString() })
})

test('a tenant is served by its own clusters first, then by the platform’s', async () => {
  const platform = await door.tenant('platform')
  const acme = await door.tenant('Acme')
  const other = await door.tenant('Other')
  const shared = await door.cluster(platform, 'platform')
  const own = await door.cluster(acme)
  const routing = (id: string) => call(as('commodore'), getTenantClusters, { tenant_id: id })
  expect(await routing(acme.id)).toEqual({ tenant_id: acme.id, status: 'active', cluster_ids: [own.id, shared.id] })
  expect((await routing(other.id)).cluster_ids).toEqual([shared.id])
  await expect(routing(newId('tenant'))).rejects.toMatchObject({ kind: 'not_found', reason: 'tenant_not_found' })
})

test('Purser suspends a tenant and lets it go on', async () => {
  const { id } = await door.tenant('Late payer')
  await call(as('purser'), setTenantStatus, { tenant_id: id, status: 'suspended' })
  expect(await call(as('commodore'), getTenantClusters, { tenant_id: id })).toMatchObject({ status: 'suspended' })
  const back = await call(as('purser'), setTenantStatus, { tenant_id: id, status: 'active' })
  expect(back.status).toBe('active')
})
