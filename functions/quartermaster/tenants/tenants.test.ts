import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { Page } from '../../../shared/contract/page.ts'
import {
  createTenant,
  getTenantClusters,
  setTenantStatus,
  TenantProfile,
} from '../../../shared/contract/quartermaster.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openQuartermaster, type TestQuartermaster } from '../testing/quartermaster.ts'

let door: TestQuartermaster

beforeAll(async () => {
  door = await openQuartermaster()
})
afterAll(() => door[Symbol.asyncDispose]())

test('a provisioning key gets one tenant, however often and by however many at once', async () => {
  const ensure = (name: string) => call(door.clientOf('commodore'), createTenant, { provisioning_key: 'user:1', name })
  const tenants = await Promise.all(['First', 'Second', 'Third'].map(ensure))
  tenants.push(await ensure('Fourth'))
  expect(new Set(tenants.map(({ id }) => id)).size).toBe(1)
  expect(new Set(tenants.map(({ name }) => name)).size).toBe(1)
})

test('a user sees the own tenant', async () => {
  const acme = await door.tenant('Acme')
  const seen = await receive(TenantProfile, send(door, 'GET /tenants/current', { token: acme.token }))
  const limits = { streams: null, private_clusters: null }
  const created_at = door.now().toISOString()
  expect(seen).toEqual({
    id: acme.id,
    name: 'Acme',
    status: 'active',
    attributes: {},
    branding: {},
    limits,
    created_at,
  })
})

test('a tenant is served by its own clusters first, then by the platform’s', async () => {
  const platform = await door.tenant('platform')
  const acme = await door.tenant('Acme')
  const other = await door.tenant('Other')
  const shared = await door.cluster(platform, 'platform')
  const own = await door.cluster(acme)
  const routing = (id: string) => call(door.clientOf('commodore'), getTenantClusters, { tenant_id: id })
  expect(await routing(acme.id)).toMatchObject({ status: 'active', cluster_ids: [own.id, shared.id] })
  expect((await routing(other.id)).cluster_ids).toEqual([shared.id])
  await expect(routing(newId('tenant'))).rejects.toMatchObject({ kind: 'not_found', reason: 'tenant_not_found' })
})

test('Purser suspends a tenant and lets it go on', async () => {
  const { id } = await door.tenant('Late payer')
  await call(door.clientOf('purser'), setTenantStatus, { tenant_id: id, status: 'suspended' })
  expect(await call(door.clientOf('commodore'), getTenantClusters, { tenant_id: id })).toMatchObject({
    status: 'suspended',
  })
  const back = await call(door.clientOf('purser'), setTenantStatus, { tenant_id: id, status: 'active' })
  expect(back.status).toBe('active')
})

test('a tenant says how it is named and looks; what it does not name stays', async () => {
  const { token } = await door.tenant('Acme')
  const change = (body: object) => send(door, 'PATCH /tenants/current', { token, body })
  const branding = { logo_url: 'https://acme.example/logo.svg', primary_color: '#6366F1' }
  await receive(TenantProfile, change({ name: 'Acme Sailing', branding }))
  const seen = await receive(TenantProfile, change({ attributes: { season: '2026' } }))
  expect(seen).toMatchObject({ name: 'Acme Sailing', branding, attributes: { season: '2026' } })
  for (const logo_url of ['http://acme.example/logo.svg', 'javascript:alert(1)', 'https://', 'data:image/png,x']) {
    expect(await refusal(change({ branding: { logo_url } })), logo_url).toBe('400 invalid_input')
  }
  expect(await refusal(change({ limits: { streams: 9 } }))).toBe('400 invalid_input')
})

test('operators see all tenants in pages, and set what each may', async () => {
  const operator = await door.tenant('platform')
  const acme = await door.tenant('Acme')
  const { token } = operator
  const newest = await receive(Page(TenantProfile), send(door, 'GET /tenants?limit=1', { token }))
  expect(newest.data.map(({ id }) => id)).toEqual([acme.id])
  const next = await receive(
    Page(TenantProfile),
    send(door, `GET /tenants?limit=1&cursor=${encodeURIComponent(newest.next_cursor ?? '')}`, { token }),
  )
  expect(next.data.map(({ id }) => id)).toEqual([operator.id])
  const body = { status: 'suspended', limits: { streams: 3 } }
  await receive(TenantProfile, send(door, `PATCH /tenants/${acme.id}`, { token, body }))
  const limits = { streams: 3, private_clusters: null }
  expect(await receive(TenantProfile, send(door, `GET /tenants/${acme.id}`, { token }))).toMatchObject({ limits })
  const routing = await call(door.clientOf('commodore'), getTenantClusters, { tenant_id: acme.id })
  expect(routing).toMatchObject({ status: 'suspended', limits })
  expect(await refusal(send(door, `GET /tenants/${newId('tenant')}`, { token }))).toBe('404 tenant_not_found')
})

test('operators set the order of clusters, of which none may be another tenant’s', async () => {
  const platform = await door.tenant('platform')
  const [acme, other] = [await door.tenant('Acme'), await door.tenant('Other')]
  const [near, own, foreign] = [
    await door.cluster(platform, 'platform'),
    await door.cluster(acme),
    await door.cluster(other),
  ]
  const set = (...cluster_ids: string[]) =>
    refusal(send(door, `PUT /tenants/${acme.id}/clusters`, { token: platform.token, body: { cluster_ids } }))
  const order = async () =>
    (await call(door.clientOf('commodore'), getTenantClusters, { tenant_id: acme.id })).cluster_ids
  expect(await set(near.id, own.id)).toBe('200')
  expect((await order()).slice(0, 2)).toEqual([near.id, own.id])
  expect(await set(foreign.id)).toBe('404 cluster_not_found')
  expect(await set(own.id, own.id)).toBe('400 invalid_input')
  expect((await order()).slice(0, 2)).toEqual([near.id, own.id])
  await Promise.all([set(near.id, own.id), set(own.id, near.id), set(own.id), set()])
  expect(await set()).toBe('200')
  expect(await order()).not.toContain(own.id)
})
