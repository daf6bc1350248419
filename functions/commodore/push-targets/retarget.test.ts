import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { HostOutcome } from '../../../shared/contract/commands.ts'
import { PushTarget } from '../../../shared/contract/push-targets.ts'
import { newId } from '../../../shared/ids.ts'
import { configureLog } from '../../../shared/log.ts'
import { FIRST_DELAY_MS } from '../../../shared/outbox/delay.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { SECOND_LOOK_MS } from '../hosts/enqueue-twice.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

const [TWITCH, YOUTUBE] = ['rtmp://live.twitch.tv/app/live_secret', 'rtmps://a.rtmps.youtube.com/live2/secret']

const lines: string[] = []
let door: TestCommodore
let ann: Account
let turn = 0
let stream: { id: string; name: string }

beforeAll(async () => {
  configureLog({ pretty: false, level: 'debug', write: (line) => lines.push(line) })
  door = await openCommodore()
  await door.quartermaster.cluster(await door.quartermaster.tenant('platform'), 'platform')
})
afterAll(() => door[Symbol.asyncDispose]())
beforeEach(async () => {
  // What earlier tests left to be done.
  door.foghorn.answer = says('done')
  later(SECOND_LOOK_MS)
  await drain()
  ann = await door.account(`ann${++turn}`)
  const { id, internal_name } = await door.stream(ann)
  stream = { id, name: `live+${internal_name}` }
  door.foghorn.orders.length = 0
})

const drain = () => door.jobs.outbox?.run(new AbortController().signal)
const later = (ms: number) => door.quartermaster.pass(ms / 1000)
const says = (status: HostOutcome['status']) => () => [
  { id: crypto.randomUUID(), node_id: newId('node'), status, reason: null },
]
const ask = (method: string, rest = '', body?: object) =>
  send(door, `${method} /streams/${stream.id}/push-targets${rest}`, { token: ann.token, body })
const add = async (url = TWITCH, more: object = {}) =>
  `/${(await receive(PushTarget, ask('POST', '', { name: 'x', url, ...more }))).id}`

/** What hosts were told since this was asked last. */
function told(): string[] {
  return door.foghorn.orders.splice(0).map(({ command }) => {
    expect(command.runtime_name).toBe(stream.name)
    return 'target' in command ? `${command.kind} ${command.target}` : command.kind
  })
}

test('a live stream is sent to a new target, and to one that is enabled; not to one that is made disabled', async () => {
  await add()
  expect(told()).toEqual([`start_push ${TWITCH}`])
  const disabled = await add(YOUTUBE, { enabled: false })
  expect(told()).toEqual([])
  await ask('PATCH', disabled, { enabled: true })
  expect(told()).toEqual([`start_push ${YOUTUBE}`])
})

test('it is sent no longer to one that is disabled or deleted', async () => {
  const [first, second] = [await add(), await add(YOUTUBE)]
  told()
  await ask('PATCH', first, { enabled: false })
  expect(told()).toEqual([`stop_push ${TWITCH}`])
  await ask('DELETE', first)
  expect(told()).toEqual([])
  await ask('DELETE', second)
  expect(told()).toEqual([`stop_push ${YOUTUBE}`])
})

test('a new address takes the place of the old one, a new name changes nothing', async () => {
  const target = await add()
  told()
  await ask('PATCH', target, { name: 'y' })
  expect(told()).toEqual([])
  await ask('PATCH', target, { url: YOUTUBE })
  expect(told()).toEqual([`stop_push ${TWITCH}`, `start_push ${YOUTUBE}`])
})

test('a place to which another target leads as well is not left', async () => {
  const first = await add()
  await add()
  told()
  await ask('DELETE', first)
  expect(told()).toEqual([])
})

test('the outbox says the same by the same command, and once more for who came in just before', async () => {
  await add()
  await drain()
  const [now, outbox] = door.foghorn.orders.map(({ id }) => id)
  expect(outbox).toBe(now)
  expect(told()).toHaveLength(2)
  later(SECOND_LOOK_MS)
  await drain()
  expect(door.foghorn.orders.map(({ id }) => id)).not.toContain(now)
  expect(told()).toEqual([`start_push ${TWITCH}`])
  await drain()
  expect(told()).toEqual([])
})

test('a host that has not done it is told again, as the target is by then', async () => {
  door.foghorn.answer = says('failed')
  const target = await add()
  await drain()
  told()
  door.foghorn.answer = says('done')
  await ask('PATCH', target, { url: YOUTUBE })
  told()
  later(FIRST_DELAY_MS)
  await drain()
  expect(told()).not.toContain(`start_push ${TWITCH}`)
})

test('a Foghorn that is away holds nobody up, and a stream that is shut is sent nowhere', async () => {
  door.foghorn.answer = () => {
    throw new TypeError('fetch failed')
  }
  const target = await add()
  await drain()
  door.foghorn.answer = says('done')
  await send(door, `PATCH /streams/${stream.id}`, { token: ann.token, body: { enabled: false } })
  door.foghorn.orders.length = 0
  await ask('PATCH', target, { url: YOUTUBE })
  expect(told()).toEqual([])
})

test('a repeated request tells hosts once', async () => {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const body = { name: 'x', url: TWITCH }
  const create = () =>
    refusal(send(door, `POST /streams/${stream.id}/push-targets`, { token: ann.token, body, headers }))
  expect([await create(), await create()]).toEqual(['201', '201'])
  expect(told()).toEqual([`start_push ${TWITCH}`])
})

test('no address lies in the outbox or stands in the log', async () => {
  const target = await add()
  await ask('PATCH', target, { url: YOUTUBE })
  await ask('DELETE', target)
  door.foghorn.answer = says('failed')
  await drain()
  const { rows } = await door.owner.query('select o::text as text from commodore.outbox o')
  expect(rows.length).toBeGreaterThan(0)
  expect(JSON.stringify(rows)).not.toContain('secret')
  expect(lines.filter((line) => line.includes('secret'))).toEqual([])
})
