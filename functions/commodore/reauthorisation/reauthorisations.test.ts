import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { HostOutcome } from '../../../shared/contract/commands.ts'
import { CreatedStream } from '../../../shared/contract/commodore.ts'
import { newId } from '../../../shared/ids.ts'
import { FIRST_DELAY_MS } from '../../../shared/outbox/delay.ts'
import { IN_FLIGHT_MAX } from '../../../shared/outbox/drain.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { SECOND_LOOK_MS } from '../hosts/enqueue-twice.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'
import { createSigningKey } from '../testing/viewer-tokens.ts'
import { STREAMS_NOW_MAX } from './reauthorisations.ts'

let door: TestCommodore
let ann: Account
let turn = 0
beforeAll(async () => {
  door = await openCommodore()
  await door.quartermaster.cluster(await door.quartermaster.tenant('platform'), 'platform')
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(async () => {
  ann = await door.account(`ann${++turn}`)
  door.foghorn.answer = () => []
  door.foghorn.orders.length = 0
})

const drain = () => door.jobs.outbox?.run(new AbortController().signal)
const later = (ms: number) => door.quartermaster.pass(ms / 1000)
const ask = (line: string, body?: object) => send(door, line, { token: ann.token, body })
const revoke = (body: object) => refusal(ask('POST /playback-revocations', body))
const says = (status: HostOutcome['status']) => () => [
  { id: crypto.randomUUID(), node_id: newId('node'), status, reason: null },
]
const stream = async (playback_policy = 'signed') => {
  const body = { title: 'x', playback_policy }
  const { id, internal_name } = await receive(CreatedStream, ask('POST /streams', body))
  return { id, name: `live+${internal_name}` }
}
/** What hosts were told, each once in its order. */
const told = () =>
  door.foghorn.orders.map(({ command }) => {
    expect(command.kind).toBe('reauthorise_sessions')
    return command.runtime_name
  })
const ids = () => door.foghorn.orders.map(({ id }) => id)

test('a revocation has hosts ask anew about all signed streams of its tenant: at once, and again later', async () => {
  const [first, second] = [await stream(), await stream()]
  await stream('public')
  const shut = await stream()
  await ask(`PATCH /streams/${shut.id}`, { enabled: false })
  await ask(`DELETE /streams/${(await stream()).id}`)
  await drain()
  later(SECOND_LOOK_MS)
  await drain()
  door.foghorn.orders.length = 0
  expect(await revoke({ kind: 'viewer', subject: 'x' })).toBe('201')
  expect(told().toSorted()).toEqual([first.name, second.name].toSorted())
  const now = ids().toSorted()
  await drain()
  expect(ids().slice(2).toSorted()).toEqual(now)
  later(SECOND_LOOK_MS - 1)
  await drain()
  expect(told()).toHaveLength(4)
  later(1)
  await drain()
  expect(told().slice(4).toSorted()).toEqual([first.name, second.name].toSorted())
  expect(now).not.toContain(ids().at(-1))
  await drain()
  expect(told()).toHaveLength(6)
})

test('a viewer who is turned away from one stream is asked for there alone', async () => {
  const one = await stream()
  await stream()
  expect(await revoke({ kind: 'viewer', subject: 'x', stream_id: one.id })).toBe('201')
  expect(told()).toEqual([one.name])
})

test('a revoked key and a stream that becomes signed do the same, what changes nothing for viewers does not', async () => {
  const [one, open] = [await stream(), await stream('public')]
  const { id } = await createSigningKey(door, ann)
  await ask(`PATCH /streams/${open.id}`, { title: 'y' })
  expect(told()).toEqual([])
  await ask(`PATCH /streams/${open.id}`, { playback_policy: 'signed' })
  expect(told()).toEqual([open.name])
  expect(await refusal(ask(`DELETE /signing-keys/${id}`))).toBe('204')
  expect(told().slice(1).toSorted()).toEqual([one.name, open.name].toSorted())
})

test('a host that has not done it is told again for its stream alone, until it has', async () => {
  const [one, other] = [await stream(), await stream()]
  door.foghorn.answer = ({ command }) => (command.runtime_name === one.name ? says('pending')() : [])
  await revoke({ kind: 'token', subject: 'x' })
  await drain()
  // Now, by the outbox, and once more to hear what became of the same command.
  const own = () => door.foghorn.orders.filter(({ command }) => command.runtime_name === one.name)
  expect(new Set(own().map(({ id }) => id)).size).toBe(1)
  expect(own()).toHaveLength(3)
  expect(told().filter((name) => name === other.name)).toHaveLength(2)
  door.foghorn.answer = says('done')
  later(FIRST_DELAY_MS)
  await drain()
  expect(own()).toHaveLength(4)
  expect(own().at(-1)?.id).not.toBe(own()[0]?.id)
  later(FIRST_DELAY_MS)
  await drain()
  expect(own()).toHaveLength(4)
})

test('a Foghorn that is away holds nobody up, and is told by the outbox when it is back', async () => {
  const one = await stream()
  door.foghorn.answer = () => {
    throw new TypeError('fetch failed')
  }
  expect(await revoke({ kind: 'key', subject: newId('signingKey') })).toBe('201')
  await drain()
  door.foghorn.orders.length = 0
  door.foghorn.answer = says('done')
  later(FIRST_DELAY_MS)
  await drain()
  expect(told()).toEqual([one.name])
})

test('many revocations at once have hosts ask a few times, not each time', async () => {
  const names = [await stream(), await stream(), await stream()].map(({ name }) => name)
  const many = 30
  for (let n = 0; n < many; n++) await revoke({ kind: 'viewer', subject: `viewer ${n}` })
  door.foghorn.orders.length = 0
  await drain()
  expect(new Set(told())).toEqual(new Set(names))
  expect(told().length).toBeLessThanOrEqual(names.length * IN_FLIGHT_MAX)
})

test('while a tenant waits, so many streams are seen to, the newest first; the outbox sees to all', async () => {
  const oldest = await stream()
  for (let n = 0; n < STREAMS_NOW_MAX; n++) await stream()
  await revoke({ kind: 'viewer', subject: 'x' })
  expect(told()).toHaveLength(STREAMS_NOW_MAX)
  expect(told()).not.toContain(oldest.name)
  door.foghorn.orders.length = 0
  await drain()
  expect(told()).toHaveLength(STREAMS_NOW_MAX + 1)
})

test('nobody else’s streams are asked about', async () => {
  await stream()
  const bob = await door.account(`bob${turn}`)
  const body = { kind: 'viewer', subject: 'x' }
  expect(await refusal(send(door, 'POST /playback-revocations', { token: bob.token, body }))).toBe('201')
  await drain()
  expect(told()).toEqual([])
})
