import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { readTenantAudit, recordChange } from '../../../shared/contract/quartermaster.ts'
import { newId } from '../../../shared/ids.ts'
import { openQuartermaster, type TestQuartermaster } from '../testing/quartermaster.ts'

let door: TestQuartermaster
beforeAll(async () => {
  door = await openQuartermaster()
})
afterAll(() => door[Symbol.asyncDispose]())

test('a change at Foghorn stands in its tenant’s log under the name of who made it', async () => {
  const [acme, other] = [await door.tenant('Acme'), await door.tenant('Other')]
  const actor = { kind: 'api_token' as const, id: newId('apiToken') }
  const change = { action: 'node.held_out' as const, object_id: newId('node'), actor, address: '192.0.2.7' }
  await call(door.clientOf('foghorn'), recordChange, { ...change, tenant_id: acme.id }, { requestId: 'asked-there' })
  const read = (tenant_id: string) =>
    call(door.clientOf('commodore'), readTenantAudit, { tenant_id, action: 'node.held_out', limit: 10 })
  const { action, object_id, address } = change
  expect((await read(acme.id)).entries).toMatchObject([
    { actor, action, object_id, address, details: {}, request_id: 'asked-there' },
  ])
  expect((await read(other.id)).entries).toEqual([])
})

test('nobody else writes there, and not for a tenant that is not there', async () => {
  const actor = { kind: 'user' as const, id: newId('user') }
  const change = { action: 'node.taken_back' as const, object_id: newId('node'), actor, tenant_id: newId('tenant') }
  for (const service of ['commodore', 'foghorn']) {
    await expect(call(door.clientOf(service), recordChange, change)).rejects.toMatchObject({
      reason: 'quartermaster_refused',
    })
  }
})
