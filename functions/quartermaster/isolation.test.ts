import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EnrolNodeResponse } from '../../shared/contract/quartermaster.ts'
import { receive, send } from '../../shared/testing/api.ts'
import { inspectIsolation } from '../../shared/testing/isolation.ts'
import { createNodeKey } from './testing/node.ts'
import { openQuartermaster, type Tenancy, type TestQuartermaster } from './testing/quartermaster.ts'

let door: TestQuartermaster
let acme: Tenancy
let other: Tenancy

beforeAll(async () => {
  door = await openQuartermaster()
  acme = await door.tenant('Acme')
  other = await door.tenant('Other')
  for (const owner of [acme, other]) {
    const cluster = await door.cluster(owner)
    const headers = { 'idempotency-key': crypto.randomUUID() }
    await send(door, 'POST /clusters', { token: owner.token, headers, body: { name: 'repeated' } })
    const { token } = await door.enrolmentToken(owner, cluster.id)
    const key = await createNodeKey()
    const body = { token, name: 'edge', public_jwk: key.publicJwk }
    const { node_id } = await receive(EnrolNodeResponse, send(door, 'POST /nodes/enrol', { body }))
    const assertion = await key.assert(node_id, { now: door.now() })
    await send(door, 'POST /nodes/token', { body: { node_id, assertion } })
  }
})
afterAll(() => door[Symbol.asyncDispose]())

const tables = {
  audit_log: 'tenant_id',
  tenants: 'id',
  clusters: 'owner_tenant_id',
  tenant_clusters: 'tenant_id',
  enrolment_tokens: 'tenant_id',
  nodes: 'tenant_id',
  used_assertions: 'tenant_id',
  idempotency_keys: 'tenant_id',
} as const

const ownersIn = (table: keyof typeof tables, tenant_id?: string) =>
  door.db.within(tenant_id === undefined ? {} : { tenant_id }, async (tx) => {
    const { rows } = await sql<{ owner: string }>`
      select ${sql.ref(tables[table])} as owner from ${sql.table(table)}`.execute(tx)
    return [...new Set(rows.map(({ owner }) => owner))]
  })

test.each(Object.keys(tables) as (keyof typeof tables)[])(
  'a query of %s without any WHERE finds its tenant’s rows alone',
  async (table) => {
    expect(await ownersIn(table, acme.id)).toEqual([acme.id])
    expect(await ownersIn(table, other.id)).toEqual([other.id])
    expect(await ownersIn(table)).toEqual([])
  },
)

test('no table and no role of the service lets another tenant’s rows through', async () => {
  expect(await inspectIsolation(door.db)).toEqual({
    tables: [...Object.keys(tables), 'outbox', 'service_instances'].toSorted(),
    gaps: [],
  })
})

test('a tenant cannot write into another’s, nor give a cluster away', async () => {
  const row = { id: 'clu_x', owner_tenant_id: acme.id, kind: 'private' as const, name: 'x', created_at: door.now() }
  const foreign = door.db.within({ tenant_id: other.id }, (tx) => tx.insertInto('clusters').values(row).execute())
  await expect(foreign).rejects.toThrow(/row-level security/)
  const changed = door.db.within({ tenant_id: acme.id }, (tx) =>
    sql`update clusters set owner_tenant_id = 'y'`.execute(tx),
  )
  await expect(changed).rejects.toThrow(/permission denied/)
})
