import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { Page } from '../../../shared/contract/page.ts'
import {
  Cluster,
  CreatedEnrolmentToken,
  getOwnedClusters,
  PRIVATE_CLUSTERS_DEFAULT,
  resolveClusters,
} from '../../../shared/contract/quartermaster.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openQuartermaster, type TestQuartermaster } from '../testing/quartermaster.ts'

let door: TestQuartermaster

beforeAll(async () => {
  door = await openQuartermaster()
})
afterAll(() => door[Symbol.asyncDispose]())

test('a tenant sees its own clusters and the platform’s, in pages, and no other tenant’s', async () => {
  const platform = await door.tenant('platform')
  const shared = await door.cluster(platform, 'platform')
  const [acme, other] = [await door.tenant('Acme'), await door.tenant('Other')]
  const own = [await door.cluster(acme), await door.cluster(acme)]
  await door.cluster(other)
  const list = (query: string) => receive(Page(Cluster), send(door, `GET /clusters${query}`, { token: acme.token }))
  const all = await list('')
  expect(all.data.map(({ id, owned }) => [id, owned])).toEqual([
    [own[1]?.id, true],
    [own[0]?.id, true],
    [shared.id, false],
  ])
  const first = await list('?limit=2')
  const rest = await list(`?limit=2&cursor=${encodeURIComponent(first.next_cursor ?? '')}`)
  expect([...first.data, ...rest.data]).toEqual(all.data)
  expect(rest.next_cursor).toBeNull()
})

test('a platform cluster is for operators to make', async () => {
  const acme = await door.tenant('Acme')
  const body = { name: 'mine', kind: 'platform' }
  expect(await refusal(send(door, 'POST /clusters', { token: acme.token, body }))).toBe('403 forbidden')
})

test('services learn whose clusters are, of several tenants at once', async () => {
  const [acme, other] = [await door.tenant('Acme'), await door.tenant('Other')]
  const [a, b] = [await door.cluster(acme), await door.cluster(other)]
  const { clusters } = await call(door.clientOf('decklog'), resolveClusters, {
    cluster_ids: [a.id, b.id, newId('cluster')],
  })
  expect(new Map(clusters.map(({ cluster_id, owner_tenant_id }) => [cluster_id, owner_tenant_id]))).toEqual(
    new Map([
      [a.id, acme.id],
      [b.id, other.id],
    ]),
  )
  expect(await call(door.clientOf('decklog'), resolveClusters, { cluster_ids: [] })).toEqual({ clusters: [] })
})

test('Foghorn learns which clusters a tenant itself runs, and no others', async () => {
  const platform = await door.tenant('platform')
  const [acme, other] = [await door.tenant('Acme'), await door.tenant('Other')]
  await door.cluster(other)
  const shared = await door.cluster(platform, 'platform')
  const [first, second] = [await door.cluster(acme), await door.cluster(acme)]
  const owned = async (tenant_id: string, service = 'foghorn') => {
    const { clusters } = await call(door.clientOf(service), getOwnedClusters, { tenant_id })
    return clusters.map(({ cluster_id }) => cluster_id)
  }
  expect(await owned(acme.id)).toEqual([first.id, second.id])
  expect(await owned(platform.id)).toEqual([shared.id])
  expect(await owned(newId('tenant'))).toEqual([])
  await expect(owned(acme.id, 'decklog')).rejects.toMatchObject({ reason: 'quartermaster_refused' })
})

test('repeated with one Idempotency-Key, one cluster and one enrolment token are made', async () => {
  const { token } = await door.tenant('Acme')
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const create = () => receive(Cluster, send(door, 'POST /clusters', { token, headers, body: { name: 'edge' } }))
  const [first, second] = await Promise.all([create(), create()])
  expect(second).toEqual(first)
  const body = { cluster_id: first.id, name: 'rack' }
  const enrolment = () => receive(CreatedEnrolmentToken, send(door, 'POST /enrolment-tokens', { token, headers, body }))
  expect(await enrolment()).toEqual(await enrolment())
  expect(
    (await receive(Page(Cluster), send(door, 'GET /clusters', { token }))).data.filter(({ owned }) => owned),
  ).toEqual([first])
})

test('a cluster is renamed by its owner alone', async () => {
  const [acme, other] = [await door.tenant('Acme'), await door.tenant('Other')]
  const { id } = await door.cluster(acme)
  const rename = (token: string) => send(door, `PATCH /clusters/${id}`, { token, body: { name: 'north' } })
  expect((await receive(Cluster, rename(acme.token))).name).toBe('north')
  expect(await refusal(rename(other.token))).toBe('404 cluster_not_found')
})

test('of many private clusters at once as many are made as the tenant may have', async () => {
  const platform = await door.tenant('platform')
  const { id, token } = await door.tenant('Acme')
  const create = () => refusal(send(door, 'POST /clusters', { token, body: { name: 'x', kind: 'private' } }))
  const results = await Promise.all(Array.from({ length: PRIVATE_CLUSTERS_DEFAULT + 4 }, create))
  expect(results.filter((result) => result === '201' || result === '200').length).toBe(PRIVATE_CLUSTERS_DEFAULT)
  expect(results.filter((result) => result === '409 too_many_clusters').length).toBe(4)
  const body = { limits: { private_clusters: PRIVATE_CLUSTERS_DEFAULT + 1 } }
  await send(door, `PATCH /tenants/${id}`, { token: platform.token, body })
  expect([await create(), await create()]).toEqual(['201', '409 too_many_clusters'])
})
