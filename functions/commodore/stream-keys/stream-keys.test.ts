import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import {
  authorizeIngest,
  CreatedStreamKey,
  KEY_OVERLAP_SECONDS_MAX,
  STREAM_KEYS_MAX,
  StreamKey,
} from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
})
afterAll(() => door[Symbol.asyncDispose]())

const add = (streamId: string, headers: Record<string, string> = {}) =>
  send(door, `POST /streams/${streamId}/keys`, { token: ann.token, headers, body: { name: 'Backup' } })
const list = (streamId: string) =>
  receive(Page(StreamKey), send(door, `GET /streams/${streamId}/keys`, { token: ann.token }))
const publish = (stream_key: string) =>
  call(door.clientOf('foghorn'), authorizeIngest, { stream_key, protocol: 'rtmp' })

test('each key of a stream lets publishers in until it is revoked', async () => {
  const stream = await door.stream(ann)
  const { id, stream_key } = await receive(CreatedStreamKey, add(stream.id))
  expect(await publish(stream.stream_key)).toMatchObject({ allowed: true, stream_id: stream.id })
  expect(await publish(stream_key)).toMatchObject({ allowed: true, stream_id: stream.id })
  expect((await send(door, `DELETE /streams/${stream.id}/keys/${id}`, { token: ann.token })).status).toBe(204)
  expect(await publish(stream_key)).toEqual({ allowed: false, reason: 'unknown_key' })
  expect(await publish(stream.stream_key)).toMatchObject({ allowed: true })
  const again = send(door, `DELETE /streams/${stream.id}/keys/${id}`, { token: ann.token })
  expect(await refusal(again)).toBe('404 stream_key_not_found')
})

test('the list shows when each key was last used, and no secret', async () => {
  const stream = await door.stream(ann)
  const { stream_key, ...backup } = await receive(CreatedStreamKey, add(stream.id))
  await publish(stream_key)
  const { data } = await list(stream.id)
  expect(data).toMatchObject([
    {
      id: backup.id,
      name: 'Backup',
      last_four: stream_key.slice(-4),
      last_used_at: door.quartermaster.now().toISOString(),
    },
    { name: 'First key', last_used_at: null },
  ])
  expect(JSON.stringify(data)).not.toContain('sk_')
  const { rows } = await door.owner.query('select k::text as text from commodore.stream_keys k')
  expect(JSON.stringify(rows)).not.toContain(stream_key.slice(3))
})

test('a stream has no more keys than the limit, however many are asked for at once', async () => {
  const { id } = await door.stream(ann)
  const answers = await Promise.all(Array.from({ length: STREAM_KEYS_MAX + 3 }, () => refusal(add(id))))
  // The stream came with its first key.
  const refused = Array.from({ length: 4 }, () => '409 too_many_stream_keys')
  expect(answers.filter((answer) => answer !== '201')).toEqual(refused)
  expect((await list(id)).data).toHaveLength(STREAM_KEYS_MAX)
})

test('a key belongs to its own stream alone', async () => {
  const [a, b] = [await door.stream(ann), await door.stream(ann)]
  const { id } = await receive(CreatedStreamKey, add(a.id))
  const wrong = send(door, `DELETE /streams/${b.id}/keys/${id}`, { token: ann.token })
  expect(await refusal(wrong)).toBe('404 stream_key_not_found')
  expect(await refusal(add(newId('stream')))).toBe('404 stream_not_found')
})

test('repeated with one Idempotency-Key, one key is made and its secret comes again', async () => {
  const [a, b] = [await door.stream(ann), await door.stream(ann)]
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const first = await receive(CreatedStreamKey, add(a.id, headers))
  expect(await receive(CreatedStreamKey, add(a.id, headers))).toEqual(first)
  expect(await refusal(add(b.id, headers))).toBe('422 idempotency_key_reused')
  expect((await list(a.id)).data).toHaveLength(2)
})

const rotate = (streamId: string, id: string, overlap_seconds: number, headers: Record<string, string> = {}) =>
  send(door, `POST /streams/${streamId}/keys/${id}/rotate`, { token: ann.token, headers, body: { overlap_seconds } })

describe('replacing a key', () => {
  const firstKey = async (streamId: string) => (await list(streamId)).data.at(-1)?.id ?? ''

  test('lets both in for as long as the caller says, and then the new one alone', async () => {
    const stream = await door.stream(ann)
    const old = await firstKey(stream.id)
    const fresh = await receive(CreatedStreamKey, rotate(stream.id, old, 60))
    expect(fresh).toMatchObject({ name: 'First key', expires_at: null })
    const ends = new Date(door.quartermaster.now().getTime() + 60_000).toISOString()
    expect((await list(stream.id)).data).toMatchObject([{ id: fresh.id }, { id: old, expires_at: ends }])
    door.quartermaster.pass(59)
    expect(await publish(stream.stream_key)).toMatchObject({ allowed: true })
    expect(await publish(fresh.stream_key)).toMatchObject({ allowed: true })
    door.quartermaster.pass(1)
    expect(await publish(stream.stream_key)).toEqual({ allowed: false, reason: 'unknown_key' })
    expect(await publish(fresh.stream_key)).toMatchObject({ allowed: true })
    expect((await list(stream.id)).data).toMatchObject([{ id: fresh.id }])
    expect(await refusal(rotate(stream.id, old, 0))).toBe('404 stream_key_not_found')
  })

  test('without an overlap ends the old one at once, and revoking ends an overlap', async () => {
    const stream = await door.stream(ann)
    const second = await receive(CreatedStreamKey, rotate(stream.id, await firstKey(stream.id), 0))
    expect(await publish(stream.stream_key)).toEqual({ allowed: false, reason: 'unknown_key' })
    await receive(CreatedStreamKey, rotate(stream.id, second.id, KEY_OVERLAP_SECONDS_MAX))
    expect(await publish(second.stream_key)).toMatchObject({ allowed: true })
    await send(door, `DELETE /streams/${stream.id}/keys/${second.id}`, { token: ann.token })
    expect(await publish(second.stream_key)).toEqual({ allowed: false, reason: 'unknown_key' })
  })

  test('is bounded, and a whole number of seconds', async () => {
    const stream = await door.stream(ann)
    const old = await firstKey(stream.id)
    for (const overlap of [-1, 0.5, KEY_OVERLAP_SECONDS_MAX + 1]) {
      expect(await refusal(rotate(stream.id, old, overlap))).toBe('400 invalid_input')
    }
  })

  test('by several at once makes one new key', async () => {
    const stream = await door.stream(ann)
    const old = await firstKey(stream.id)
    const answers = await Promise.all(Array.from({ length: 8 }, () => refusal(rotate(stream.id, old, 60))))
    expect(answers.toSorted()).toEqual(['201', ...Array.from({ length: 7 }, () => '409 stream_key_replaced')])
    expect((await list(stream.id)).data).toHaveLength(2)
  })

  test('repeated with one Idempotency-Key gives the same new key', async () => {
    const stream = await door.stream(ann)
    const headers = { 'idempotency-key': crypto.randomUUID() }
    const old = await firstKey(stream.id)
    const fresh = await receive(CreatedStreamKey, rotate(stream.id, old, 60, headers))
    expect(await receive(CreatedStreamKey, rotate(stream.id, old, 60, headers))).toEqual(fresh)
  })

  test('counts the old key while it is honoured', async () => {
    const stream = await door.stream(ann)
    const old = await firstKey(stream.id)
    for (let i = 1; i < STREAM_KEYS_MAX; i++) await receive(CreatedStreamKey, add(stream.id))
    expect(await refusal(rotate(stream.id, old, 60))).toBe('409 too_many_stream_keys')
    expect(await publish(stream.stream_key)).toMatchObject({ allowed: true })
    expect(await refusal(rotate(stream.id, old, 0))).toBe('201')
  })
})
