import { afterAll, beforeAll, expect, test } from 'vitest'
import { call } from '../../../shared/client/client.ts'
import { CreatedStream, RESOLVE_NAMES_MAX, resolveStreams, Stream } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import { newId } from '../../../shared/ids.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account
let bob: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  bob = await door.account('bob')
})
afterAll(() => door[Symbol.asyncDispose]())

const resolve = (names: Partial<Record<'internal_names' | 'stream_ids', string[]>>) =>
  call(door.clientOf('decklog'), resolveStreams, names)

test('a stream is made with names of its own and a first key', async () => {
  const { stream_key, ...stream } = await door.stream(ann)
  expect(stream_key).toMatch(/^sk_[0-9a-z]{32}$/)
  expect(stream).toMatchObject({
    title: 'Regatta',
    description: '',
    record: false,
    playback_policy: 'public',
    enabled: true,
  })
  expect(stream.playback_id).toMatch(/^[0-9a-z]{16}$/)
  expect(stream.internal_name).toMatch(/^[0-9a-z]{24}$/)
  expect(await receive(Stream, send(door, `GET /streams/${stream.id}`, { token: ann.token }))).toEqual(stream)
})

test('a stream is changed field by field', async () => {
  const { id } = await door.stream(ann)
  const change = (body: object) => send(door, `PATCH /streams/${id}`, { token: ann.token, body })
  door.quartermaster.pass(1)
  const changed = await receive(Stream, change({ description: 'Line\nby line', record: true, dvr: true }))
  expect(changed).toMatchObject({
    title: 'Regatta',
    description: 'Line\nby line',
    record: true,
    dvr: true,
    enabled: true,
  })
  expect(changed.updated_at > changed.created_at).toBe(true)
  expect(await receive(Stream, change({ enabled: false }))).toMatchObject({ record: true, enabled: false })
  expect(await refusal(change({}))).toBe('400 invalid_input')
  expect(await refusal(change({ titel: 'x' }))).toBe('400 invalid_input')
})

test('a deleted stream is gone for its tenant', async () => {
  const { id } = await door.stream(ann)
  expect((await send(door, `DELETE /streams/${id}`, { token: ann.token })).status).toBe(204)
  const list = await receive(Page(Stream), send(door, 'GET /streams?limit=200', { token: ann.token }))
  expect(list.data.some((stream) => stream.id === id)).toBe(false)
  for (const line of [`GET /streams/${id}`, `DELETE /streams/${id}`, `GET /streams/${id}/keys`]) {
    expect(await refusal(send(door, line, { token: ann.token }))).toBe('404 stream_not_found')
  }
})

test('pages hold each stream once, newest first, however many are made meanwhile', async () => {
  const cat = await door.account('cat')
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.unshift((await door.stream(cat)).id)
  const seen: string[] = []
  let query = '?limit=2'
  while (query) {
    const page = await receive(Page(Stream), send(door, `GET /streams${query}`, { token: cat.token }))
    seen.push(...page.data.map(({ id }) => id))
    await door.stream(cat)
    query = page.next_cursor === null ? '' : `?limit=2&cursor=${encodeURIComponent(page.next_cursor)}`
  }
  expect(seen).toEqual(ids)
})

test('services learn whose streams are, of all tenants at once and deleted ones included', async () => {
  const [a, b] = [await door.stream(ann), await door.stream(bob)]
  await send(door, `DELETE /streams/${b.id}`, { token: bob.token })
  const unknown = ['x', 'a,b', '\0', "' or true --", '0'.repeat(24)]
  const { streams } = await resolve({ internal_names: [a.internal_name, ...unknown], stream_ids: [b.id, 'x', '\0'] })
  expect(new Map(streams.map((stream) => [stream.stream_id, stream.tenant_id]))).toEqual(
    new Map([
      [a.id, ann.tenant_id],
      [b.id, bob.tenant_id],
    ]),
  )
  expect(await resolve({ internal_names: unknown })).toEqual({ streams: [] })
  expect(await resolve({ stream_ids: [newId('stream')] })).toEqual({ streams: [] })
  const many = Array.from({ length: RESOLVE_NAMES_MAX }, () => a.internal_name)
  expect((await resolve({ internal_names: many })).streams).toHaveLength(1)
  const token = await door.quartermaster.identities.service('decklog', 'commodore')
  const body = { internal_names: [...many, 'one more'] }
  expect(await refusal(send(door, 'POST /streams/resolve', { token, body }))).toBe('400 invalid_input')
})

test('repeated with one Idempotency-Key, one stream is made and its key comes again', async () => {
  const dan = await door.account('dan')
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const make = (title: string, token = dan.token) => send(door, 'POST /streams', { token, headers, body: { title } })
  const first = await receive(CreatedStream, make('Once'))
  const answers = await Promise.all([1, 2, 3].map(() => receive(CreatedStream, make('Once'))))
  expect(answers).toEqual([first, first, first])
  expect(await refusal(make('Other'))).toBe('422 idempotency_key_reused')
  expect((await receive(CreatedStream, make('Once', bob.token))).id).not.toBe(first.id)
  const { rows } = await door.owner.query('select k::text as text from commodore.idempotency_keys k')
  expect(JSON.stringify(rows)).not.toContain(first.stream_key)
  expect(JSON.stringify(rows)).not.toContain(headers['idempotency-key'])
  door.quartermaster.pass(24 * 3600)
  const { access_token } = await door.login(dan.email)
  expect((await receive(CreatedStream, make('Other', access_token))).id).not.toBe(first.id)
})

test('an Idempotency-Key that could be guessed is not taken', async () => {
  for (const key of ['1', 'x'.repeat(129), 'ä'.repeat(16)]) {
    const { access_token: token } = await door.login(ann.email)
    const request = new Request('http://service.test/streams', { method: 'POST', body: '{"title":"x"}' })
    request.headers.set('authorization', `Bearer ${token}`)
    request.headers.set('content-type', 'application/json')
    request.headers.set('idempotency-key', key)
    expect(await refusal(Promise.resolve(door.fetch(request)))).toBe('400 invalid_input')
  }
})

test('each change is in the audit log, and a change that came to nothing is not', async () => {
  ann.token = (await door.login(ann.email)).access_token
  const { id } = await door.stream(ann)
  await send(door, `PATCH /streams/${id}`, { token: bob.token, body: { record: true } })
  await send(door, `PATCH /streams/${id}`, { token: ann.token, body: { record: true } })
  await send(door, `DELETE /streams/${id}`, { token: ann.token })
  await send(door, `DELETE /streams/${id}`, { token: ann.token })
  const { rows } = await door.owner.query(
    "select action, actor_id, details->'changes'->'record' as record from commodore.audit_log where object_id = $1 order by id",
    [id],
  )
  const actor_id = ann.user_id
  expect(rows).toEqual([
    { action: 'stream.created', actor_id, record: null },
    { action: 'stream.updated', actor_id, record: true },
    { action: 'stream.deleted', actor_id, record: null },
  ])
})
