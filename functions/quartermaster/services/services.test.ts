import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, call } from '../../../shared/client/client.ts'
import { Page } from '../../../shared/contract/page.ts'
import {
  registerServiceInstance,
  SERVICE_INSTANCES_MAX,
  ServiceInstance,
  unregisterServiceInstance,
} from '../../../shared/contract/registry.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openQuartermaster, type Tenancy, type TestQuartermaster } from '../testing/quartermaster.ts'

let door: TestQuartermaster
let operator: Tenancy

beforeAll(async () => {
  door = await openQuartermaster()
  operator = await door.tenant('platform')
})
afterAll(() => door[Symbol.asyncDispose]())

const said = { base_url: 'https://decklog.example', version: '1.2.3' }
const clientOf = (service: string): Client => ({
  service: 'quartermaster',
  baseUrl: new URL('http://quartermaster.test'),
  token: () => door.identities.service(service, 'quartermaster'),
  fetch: door.fetch,
})
const register = (service: string, id: string, more: object = {}, name = service) =>
  call(clientOf(service), registerServiceInstance, { name, id, ...said, ...more })
const list = (query = '') =>
  receive(Page(ServiceInstance), send(door, `GET /services${query}`, { token: operator.token }))
const named = async (query = '') => (await list(query)).data.map(({ service, id }) => `${service}/${id}`)

test('instances are listed by service, in pages, until they fall silent', async () => {
  await register('foghorn', 'ams', { ttl_seconds: 60 })
  await register('decklog', 'b')
  await register('decklog', 'a')
  expect(await named()).toEqual(['decklog/a', 'decklog/b', 'foghorn/ams'])
  expect(await named('?service=foghorn')).toEqual(['foghorn/ams'])
  const first = await list('?limit=2')
  expect(await named(`?limit=2&cursor=${encodeURIComponent(first.next_cursor ?? '')}`)).toEqual(['foghorn/ams'])
  door.pass(59)
  const again = await register('foghorn', 'ams', { ttl_seconds: 60, version: '1.2.4' })
  expect(again).toMatchObject({ version: '1.2.4', seen_at: door.now().toISOString() })
  expect(new Date(again.registered_at) < new Date(again.seen_at)).toBe(true)
  door.pass(59)
  expect(await named()).toEqual(['foghorn/ams'])
  door.pass(1)
  expect(await named()).toEqual([])
})

test('an instance that stops is no longer listed, and said twice it is the same', async () => {
  const leave = (service: string, name = service) =>
    call(clientOf(service), unregisterServiceInstance, { name, id: 'a' })
  await register('signalman', 'a')
  await register('signalman', 'b')
  await leave('signalman')
  await leave('signalman')
  expect(await named('?service=signalman')).toEqual(['signalman/b'])
  await register('purser', 'a')
  await expect(leave('signalman', 'purser')).rejects.toMatchObject({ kind: 'internal' })
  expect(await named('?service=purser')).toEqual(['purser/a'])
  await leave('purser')
})

test('a service speaks for itself alone, and of a bounded number of instances', async () => {
  await expect(register('decklog', 'x', {}, 'foghorn')).rejects.toMatchObject({ kind: 'internal' })
  const acme = await door.tenant('Acme')
  expect(await refusal(send(door, 'GET /services', { token: acme.token }))).toBe('403 forbidden')
  for (let n = 0; n < SERVICE_INSTANCES_MAX - 1; n++) await register('purser', `i${n}`)
  const results = await Promise.allSettled([register('purser', 'last'), register('purser', 'one-too-many')])
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect((await named('?service=purser&limit=200')).length).toBe(SERVICE_INSTANCES_MAX)
})
