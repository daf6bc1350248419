import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { HostOutcome } from '../../../shared/contract/commands.ts'
import { CreatedStreamKey, StreamKey } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import { newId } from '../../../shared/ids.ts'
import { FIRST_DELAY_MS } from '../../../shared/outbox/delay.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { SECOND_LOOK_MS } from '../hosts/enqueue-twice.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account
beforeAll(async () => {
  door = await openCommodore()
  await door.quartermaster.cluster(await door.quartermaster.tenant('platform'), 'platform')
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(async () => {
  door.quartermaster.pass(SECOND_LOOK_MS / 1000)
  door.foghorn.answer = () => []
  await drain()
  door.foghorn.orders.length = 0
})

const drain = () => door.jobs.outbox?.run(new AbortController().signal)
const later = (ms: number) => door.quartermaster.pass(ms / 1000)
const patch = (id: string, body: object) => send(door, `PATCH /streams/${id}`, { token: ann.token, body })
const says = (status: HostOutcome['status']) => () => [
  { id: crypto.randomUUID(), node_id: newId('node'), status, reason: null },
]
const names = () => door.foghorn.orders.map(({ command }) => command.runtime_name)

async function keysOf(id: string): Promise<string[]> {
  const keys = await receive(Page(StreamKey), send(door, `GET /streams/${id}/keys`, { token: ann.token }))
  return keys.data.map((key) => key.id)
}

const revoke = (id: string, keyId: string) =>
  refusal(send(door, `DELETE /streams/${id}/keys/${keyId}`, { token: ann.token }))

test.each([
  ['disabling', (id: string) => patch(id, { enabled: false })],
  ['deleting', (id: string) => send(door, `DELETE /streams/${id}`, { token: ann.token })],
])('%s a stream ends what runs of it: at once, and again for who was let in just before', async (_, shut) => {
  const stream = await door.stream(ann)
  const name = `live+${stream.internal_name}`
  await shut(stream.id)
  expect(names()).toEqual([name])
  await drain()
  const [now, outbox] = door.foghorn.orders
  expect(outbox?.id).toBe(now?.id)
  later(SECOND_LOOK_MS)
  await drain()
  expect(names()).toEqual([name, name, name])
  expect(door.foghorn.orders[2]?.id).not.toBe(now?.id)
  await drain()
  expect(names()).toHaveLength(3)
})

test('a change that shuts nothing ends nothing', async () => {
  const stream = await door.stream(ann)
  await patch(stream.id, { title: 'Cup' })
  await patch(stream.id, { enabled: true })
  later(SECOND_LOOK_MS)
  await drain()
  expect(names()).toEqual([])
})

test('revoking the last key ends who publishes by it, revoking another does not', async () => {
  const stream = await door.stream(ann)
  const [first = ''] = await keysOf(stream.id)
  const body = { name: 'second' }
  await receive(CreatedStreamKey, send(door, `POST /streams/${stream.id}/keys`, { token: ann.token, body }))
  expect(await revoke(stream.id, first)).toBe('204')
  expect(names()).toEqual([])
  const [second = ''] = await keysOf(stream.id)
  expect(await revoke(stream.id, second)).toBe('204')
  expect(names()).toEqual([`live+${stream.internal_name}`])
})

test('of two that revoke the last two keys at once, one ends the stream', async () => {
  const stream = await door.stream(ann)
  await send(door, `POST /streams/${stream.id}/keys`, { token: ann.token, body: { name: 'second' } })
  const keys = await keysOf(stream.id)
  expect(await Promise.all(keys.map((key) => revoke(stream.id, key)))).toEqual(['204', '204'])
  expect(names()).toEqual([`live+${stream.internal_name}`])
})

test('a Foghorn that is away holds nobody up, and is told by the outbox when it is back', async () => {
  const stream = await door.stream(ann)
  door.foghorn.answer = () => {
    throw new TypeError('fetch failed')
  }
  expect((await patch(stream.id, { enabled: false })).status).toBe(200)
  await drain()
  door.foghorn.orders.length = 0
  door.foghorn.answer = says('done')
  later(FIRST_DELAY_MS)
  await drain()
  expect(names()).toEqual([`live+${stream.internal_name}`])
})

test('a host that has not done it is told again, by a command of its own', async () => {
  const stream = await door.stream(ann)
  await patch(stream.id, { enabled: false })
  door.foghorn.answer = says('pending')
  await drain()
  door.foghorn.answer = says('done')
  later(FIRST_DELAY_MS)
  await drain()
  const ids = door.foghorn.orders.map(({ id }) => id)
  expect(ids).toHaveLength(3)
  expect(ids[1]).toBe(ids[0])
  expect(ids[2]).not.toBe(ids[0])
})

test('a stream that is open again by then is left alone', async () => {
  const stream = await door.stream(ann)
  await patch(stream.id, { enabled: false })
  door.foghorn.answer = says('failed')
  await drain()
  door.foghorn.orders.length = 0
  await patch(stream.id, { enabled: true })
  later(SECOND_LOOK_MS)
  await drain()
  expect(names()).toEqual([])
})
