import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { STREAMS_MAX, Stream, streamSorts } from '../../../shared/contract/commodore.ts'
import { Page } from '../../../shared/contract/page.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { ROUTING_FRESH_MS } from '../authorize/routing.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

const TITLES = [
  'Zebra',
  'apple',
  'Apple',
  'Éclair',
  '100%',
  'under_score',
  'back\\slash',
  'ZEBRA crossing',
  'İstanbul',
  'x',
]
const CREATED_AT_ONCE = 50
const ROOM = 20

let door: TestCommodore
let ann: Account
let ids: string[]

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  ids = []
  for (const [index, title] of TITLES.entries()) {
    const body = { title, record: index % 2 === 0, dvr: index === 3 }
    ids.push((await receive(Stream, send(door, 'POST /streams', { token: ann.token, body }))).id)
  }
})
afterAll(() => door[Symbol.asyncDispose]())

const ask = (search: Record<string, string>, account = ann) =>
  send(door, `GET /streams?${new URLSearchParams(search)}`, { token: account.token })
const list = (search: Record<string, string> = {}, account = ann) => receive(Page(Stream), ask(search, account))
const titles = async (search: Record<string, string>) => (await list(search)).data.map(({ title }) => title)

async function walk(search: Record<string, string>) {
  const found: string[] = []
  let cursor: string | null = null
  do {
    const page = await list({ ...search, ...(cursor !== null && { cursor }) })
    found.push(...page.data.map(({ id }) => id))
    cursor = page.next_cursor
  } while (cursor !== null)
  return found
}

test('without a wish, the newest stream comes first', async () => {
  expect(await walk({})).toEqual(ids.toReversed())
})

test('each order shows every stream once, whatever the size of the page', async () => {
  const key = (id: string) => TITLES[ids.indexOf(id)]?.toLowerCase() ?? ''
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...streamSorts), fc.integer({ min: 1, max: 11 }), async (sort, limit) => {
      const expected = sort.endsWith('title')
        ? ids.toSorted((a, b) => Buffer.compare(Buffer.from(key(a)), Buffer.from(key(b))) || (a < b ? -1 : 1))
        : ids
      const walked = await walk({ sort, limit: String(limit) })
      expect(walked).toEqual(sort.startsWith('-') ? expected.toReversed() : expected)
    }),
    { numRuns: 30 },
  )
})

test('a cursor keeps its order, and fits no other', async () => {
  const { data, next_cursor } = await list({ sort: 'title', limit: '2' })
  const cursor = next_cursor ?? ''
  const rest = (await list({ cursor })).data
  expect([...data, ...rest].map(({ id }) => id)).toEqual(await walk({ sort: 'title' }))
  expect(await refusal(ask({ cursor, sort: '-title' }))).toBe('400 invalid_cursor')
  const forged = btoa(encodeURIComponent(JSON.stringify(['tenant_id', 'x', 'y'])))
  expect(await refusal(ask({ cursor: forged }))).toBe('400 invalid_cursor')
})

test.each([
  ['APPLE', ['Apple', 'apple']],
  ['zebra c', ['ZEBRA crossing']],
  ['éCLAIR', ['Éclair']],
  ['%', ['100%']],
  ['_', ['under_score']],
  ['\\', ['back\\slash']],
  ["' or true --", []],
])('a search for %s finds the titles that hold it', async (search, found) => {
  expect(await titles({ search })).toEqual(found)
})

test('filters are met together', async () => {
  expect(await titles({ dvr: 'true' })).toEqual(['Éclair'])
  expect(await titles({ record: 'true', search: 'e', sort: 'title' })).toEqual(['Apple', 'Zebra'])
  expect(await titles({ enabled: 'false' })).toEqual([])
  expect(await refusal(ask({ enabled: 'maybe' }))).toBe('400 invalid_input')
  expect(await refusal(ask({ sort: 'tenant_id' }))).toBe('400 invalid_input')
  expect(await refusal(ask({ search: 'a\u0000b' }))).toBe('400 invalid_input')
})

test('of many creations at the limit exactly as many succeed as there is room for', async () => {
  const bob = await door.account('bob')
  await door.owner.query(
    `insert into commodore.streams (id, tenant_id, title, description, record, playback_id, internal_name, created_at, updated_at)
     select 'str_00000000-0000-7000-8000-' || lpad(n::text, 12, '0'), $1, 'x', '', false, 'p' || n, 'i' || n, now(), now() from generate_series(1, $2::int) n`,
    [bob.tenant_id, STREAMS_MAX - ROOM],
  )
  const create = () => refusal(send(door, 'POST /streams', { token: bob.token, body: { title: 'x' } }))
  const answers = await Promise.all(Array.from({ length: CREATED_AT_ONCE }, create))
  expect(answers.filter((answer) => answer === '201')).toHaveLength(ROOM)
  expect(answers.filter((answer) => answer === '409 too_many_streams')).toHaveLength(CREATED_AT_ONCE - ROOM)
  const { rows } = await door.owner.query(
    'select count(*)::int as count from commodore.streams where tenant_id = $1 and deleted_at is null',
    [bob.tenant_id],
  )
  expect(rows).toEqual([{ count: STREAMS_MAX }])
  const [newest] = (await list({ limit: '1' }, bob)).data
  await send(door, `DELETE /streams/${newest?.id}`, { token: bob.token })
  expect(await create()).toBe('201')
})

test('a tenant has as many streams as its own limit says', async () => {
  const cat = await door.account('cat')
  const operator = await door.quartermaster.tenant('platform')
  const set = (streams: number | null) =>
    send(door.quartermaster, `PATCH /tenants/${cat.tenant_id}`, {
      token: operator.token,
      body: { limits: { streams } },
    })
  expect((await set(1)).status).toBe(200)
  const create = () => refusal(send(door, 'POST /streams', { token: cat.token, body: { title: 'x' } }))
  expect([await create(), await create()]).toEqual(['201', '409 too_many_streams'])
  await set(null)
  door.quartermaster.pass(ROUTING_FRESH_MS / 1000 + 1)
  expect(await create()).toBe('201')
})
