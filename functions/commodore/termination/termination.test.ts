import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { COMMAND_WAIT_MS_MAX, Termination } from '../../../shared/contract/commands.ts'
import { newId } from '../../../shared/ids.ts'
import { refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account
beforeAll(async () => {
  door = await openCommodore()
  const platform = await door.quartermaster.tenant('platform')
  for (let number = 0; number < 2; number++) await door.quartermaster.cluster(platform, 'platform')
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(() => {
  door.foghorn.orders.length = 0
  door.foghorn.answer = () => []
})

test('every cluster of the tenant is told, and what each host said is the answer', async () => {
  const stream = await door.stream(ann)
  const node_id = newId('node')
  door.foghorn.answer = () => [{ id: crypto.randomUUID(), node_id, status: 'done', reason: null }]
  const answer = send(door, `POST /streams/${stream.id}/terminate`, { token: ann.token })
  expect((await answer).status).toBe(202)
  const clusters = door.foghorn.orders.map(({ cluster_id }) => cluster_id)
  expect(clusters).toEqual((await door.routing.of(ann.tenant_id)).cluster_ids)
  expect(clusters).toHaveLength(2)
  const { hosts } = Termination.parse(await (await answer).json())
  expect(hosts).toEqual(clusters.map((cluster_id) => ({ cluster_id, node_id, status: 'done', reason: null })))
  expect(door.foghorn.orders[0]).toMatchObject({
    command: { kind: 'terminate_stream', runtime_name: `live+${stream.internal_name}` },
    wait_ms: COMMAND_WAIT_MS_MAX,
  })
})

test('a stream that no host has is ended already: 200', async () => {
  const stream = await door.stream(ann)
  const answer = await send(door, `POST /streams/${stream.id}/terminate`, { token: ann.token })
  expect([answer.status, await answer.json()]).toEqual([200, { hosts: [] }])
})

test('a Foghorn that cannot be asked is said, and asking again is safe', async () => {
  const stream = await door.stream(ann)
  door.foghorn.answer = () => {
    throw new TypeError('fetch failed')
  }
  const terminate = () => refusal(send(door, `POST /streams/${stream.id}/terminate`, { token: ann.token }))
  expect(await terminate()).toBe('503 foghorn_unreachable')
  door.foghorn.answer = () => []
  expect(await terminate()).toBe('200')
})

test('who may only read may not end anything, and another tenant’s stream is not there', async () => {
  const stream = await door.stream(ann)
  const { token } = await door.apiToken(ann, ['streams:read'])
  const bob = await door.account('bob')
  expect(await refusal(send(door, `POST /streams/${stream.id}/terminate`, { token }))).toBe('403 forbidden')
  expect(await refusal(send(door, `POST /streams/${stream.id}/terminate`, { token: bob.token }))).toBe(
    '404 stream_not_found',
  )
  expect(door.foghorn.orders).toEqual([])
})

test('an end that was asked for is in the audit log', async () => {
  const stream = await door.stream(ann)
  await send(door, `POST /streams/${stream.id}/terminate`, { token: ann.token })
  const log = await send(door, `GET /audit-log?object_id=${stream.id}&action=stream.terminated`, { token: ann.token })
  expect(await log.json()).toMatchObject({ data: [{ action: 'stream.terminated', object_id: stream.id }] })
})
