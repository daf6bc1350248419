import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Client, call } from '../../../shared/client/client.ts'
import { authorizeIngest } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import { PUSH_TARGETS_MAX, PushTarget } from '../../../shared/contract/push-targets.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

const SECRET = 'live_123456_secret'
const URL_OF_TWITCH = `rtmp://live.twitch.tv/app/${SECRET}`

let door: TestCommodore
let ann: Account
let host: Client

beforeAll(async () => {
  door = await openCommodore()
  const cluster = await door.quartermaster.cluster(await door.quartermaster.tenant('platform'), 'platform')
  host = { ...door.clientOf('foghorn'), token: () => door.quartermaster.identities.node(cluster.id) }
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())

const add = (streamId: string, body: object = {}, headers: Record<string, string> = {}) =>
  send(door, `POST /streams/${streamId}/push-targets`, {
    token: ann.token,
    headers,
    body: { name: 'Twitch', url: URL_OF_TWITCH, ...body },
  })
const made = (streamId: string, body: object = {}) => receive(PushTarget, add(streamId, body))
const ask = (line: string, body?: object) => send(door, line, { token: ann.token, body })
const list = (streamId: string) => receive(Page(PushTarget), ask(`GET /streams/${streamId}/push-targets`))
const publish = (stream_key: string, client = host) => call(client, authorizeIngest, { stream_key, protocol: 'rtmp' })

test('a media host learns where to send a stream on to, and nobody else does', async () => {
  const stream = await door.stream(ann)
  const first = await made(stream.id)
  const second = await made(stream.id, { url: 'srt://ingest.example.com:9000?streamid=x' })
  await made(stream.id, { enabled: false })
  expect(await publish(stream.stream_key)).toMatchObject({
    push_targets: [
      { id: second.id, url: 'srt://ingest.example.com:9000?streamid=x' },
      { id: first.id, url: URL_OF_TWITCH },
    ],
  })
  expect(await publish(stream.stream_key, door.clientOf('foghorn'))).not.toHaveProperty('push_targets')
})

test('its secret is shown to nobody, and lies nowhere in the clear', async () => {
  const stream = await door.stream(ann)
  const target = await made(stream.id)
  expect(target).toMatchObject({ name: 'Twitch', redacted_url: 'rtmp://live.twitch.tv/***', enabled: true })
  expect(await receive(PushTarget, ask(`GET /streams/${stream.id}/push-targets/${target.id}`))).toEqual(target)
  expect((await list(stream.id)).data).toEqual([target])
  const changed = await ask(`PATCH /streams/${stream.id}/push-targets/${target.id}`, { url: `${URL_OF_TWITCH}2` })
  expect(await changed.text()).not.toContain(SECRET)
  const tables = ['push_targets', 'audit_log', 'idempotency_keys']
  for (const table of tables) {
    const { rows } = await door.owner.query(`select t::text as text from commodore.${table} t`)
    expect(JSON.stringify(rows), table).not.toContain(SECRET)
  }
})

test('an address is bound to its row: moved to another, it opens nothing', async () => {
  const [mine, other] = [await door.stream(ann), await door.stream(ann)]
  const [source, target] = [await made(mine.id), await made(other.id)]
  await door.owner.query(
    `update commodore.push_targets set encrypted_url = (select encrypted_url from commodore.push_targets where id = $1)
     where id = $2`,
    [source.id, target.id],
  )
  await expect(publish(other.stream_key)).rejects.toMatchObject({ name: 'Fault' })
})

test('a target is changed field by field, and removed', async () => {
  const stream = await door.stream(ann)
  const { id } = await made(stream.id)
  const path = `/streams/${stream.id}/push-targets/${id}`
  const change = (body: object) => ask(`PATCH ${path}`, body)
  expect(await receive(PushTarget, change({ name: 'Other' }))).toMatchObject({ name: 'Other', enabled: true })
  expect(await receive(PushTarget, change({ enabled: false }))).toMatchObject({ name: 'Other', enabled: false })
  expect(await receive(PushTarget, change({ url: 'rtmps://a.example:443/x' }))).toMatchObject({
    redacted_url: 'rtmps://a.example:443/***',
  })
  expect(await refusal(change({}))).toBe('400 invalid_input')
  expect(await refusal(change({ url: 'rtmp://127.0.0.1/x' }))).toBe('422 push_address_not_public')
  expect((await ask(`DELETE ${path}`)).status).toBe(204)
  for (const line of [`DELETE ${path}`, `GET ${path}`])
    expect(await refusal(ask(line))).toBe('404 push_target_not_found')
  expect(await publish(stream.stream_key)).toMatchObject({ push_targets: [] })
})

test('a refusal does not repeat the address', async () => {
  const stream = await door.stream(ann)
  for (const url of [`rtmp://127.0.0.1/${SECRET}`, `ftp://a.example/${SECRET}`, `rtmp://u:${SECRET}@a.example/`]) {
    expect(await (await add(stream.id, { url })).text()).not.toContain(SECRET)
  }
})

test('a stream has no more targets than the limit, however many are made at once', async () => {
  const { id } = await door.stream(ann)
  const answers = await Promise.all(Array.from({ length: PUSH_TARGETS_MAX + 4 }, () => refusal(add(id))))
  expect(answers.filter((answer) => answer !== '201')).toEqual(
    Array.from({ length: 4 }, () => '409 too_many_push_targets'),
  )
  expect((await list(id)).data).toHaveLength(PUSH_TARGETS_MAX)
})

test('repeated with one Idempotency-Key, one target is made', async () => {
  const { id } = await door.stream(ann)
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const first = await receive(PushTarget, add(id, {}, headers))
  expect(await receive(PushTarget, add(id, {}, headers))).toEqual(first)
  expect((await list(id)).data).toHaveLength(1)
})
