import { afterAll, beforeAll, expect, test } from 'vitest'
import { AuditEntry } from '../../../shared/contract/audit.ts'
import { Page } from '../../../shared/contract/page.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { type Account, openCommodore, type TestCommodore } from '../testing/commodore.ts'

let door: TestCommodore
let ann: Account
let bob: Account

beforeAll(async () => {
  door = await openCommodore()
  ann = await door.account('ann')
  bob = await door.account('bob')
  for (const { token } of [ann, bob]) {
    await send(door.quartermaster, 'POST /clusters', { token, body: { name: 'own', kind: 'private' } })
  }
  await door.apiToken(ann, ['streams:read'])
  await send(door.quartermaster, 'POST /clusters', { token: ann.token, body: { name: 'second', kind: 'private' } })
})
afterAll(() => door[Symbol.asyncDispose]())

const read = (query = '', token = ann.token) =>
  receive(Page(AuditEntry), send(door, `GET /audit-log${query}`, { token }))
const actions = async (query = '') => (await read(query)).data.map(({ action }) => action)

test('changes at both services are one list, newest first, of one tenant alone', async () => {
  const mine = (await actions()).filter((action) => /^(cluster|api_token)\./.test(action))
  expect(mine).toEqual(['cluster.created', 'api_token.created', 'cluster.created'])
  const { data } = await read('', bob.token)
  expect(data.filter(({ action }) => action === 'cluster.created').length).toBe(1)
  expect(data.every(({ actor }) => actor.id !== ann.user_id)).toBe(true)
})

test('pages through both services miss nothing and repeat nothing', async () => {
  const all = await read()
  const paged: typeof all.data = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: typeof all = await read(`?limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`)
    paged.push(...page.data)
    cursor = page.next_cursor
  }
  expect(paged).toEqual(all.data)
})

test('entries are found by what was done, to what, by whom and when', async () => {
  expect(await actions('?action=cluster.created')).toEqual(['cluster.created', 'cluster.created'])
  const [entry] = (await read('?action=api_token.created')).data
  expect(entry).toMatchObject({ actor: { kind: 'user', id: ann.user_id }, details: { name: 'ci' } })
  expect(await actions(`?object_id=${entry?.object_id}`)).toEqual(['api_token.created'])
  expect(await actions('?actor_id=usr_nobody')).toEqual([])
  expect(await actions('?from=2099-01-01T00:00:00Z')).toEqual([])
  expect(await refusal(send(door, 'GET /audit-log?from=yesterday', { token: ann.token }))).toBe('400 invalid_input')
})

test('no entry holds a secret', async () => {
  expect(JSON.stringify(await read())).not.toMatch(/(fw|sk|en|rt)_[0-9a-z]{20}/)
})

test('without Quartermaster the log says so, and hides no gap', async () => {
  door.cutOff(true)
  expect(await refusal(send(door, 'GET /audit-log', { token: ann.token }))).toBe('503 quartermaster_unreachable')
  door.cutOff(false)
})
