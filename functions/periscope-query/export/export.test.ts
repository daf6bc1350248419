import { afterAll, beforeAll, expect, test } from 'vitest'
import { SessionPage } from '../../../shared/contract/periscope-query.ts'
import { receive, refusal, send } from '../../../shared/testing/api.ts'
import { openTestPeriscopeQuery, type TestPeriscopeQuery } from '../testing/periscope-query.ts'
import { recordedSession } from '../testing/session.ts'
import { EXPORT_PAGE_ROWS, EXPORT_PAGES_MAX, everyPage, exportRows } from './export.ts'

const session = recordedSession()
const stream = session.streams.get('live+test') ?? ''
let periscope: TestPeriscopeQuery
let token: string

beforeAll(async () => {
  periscope = await openTestPeriscopeQuery()
  periscope.streams.set(stream, session.tenant_id)
  await periscope.store(session.events)
  token = await periscope.identities.user(session.tenant_id)
})

afterAll(() => periscope[Symbol.asyncDispose]())

const get = (query: string) => send(periscope, `GET /streams/${stream}/sessions?${query}`, { token })

/** A list of so many rows, which counts how many of its pages were asked for. */
function countedList(rows: number) {
  const asked = { pages: 0 }
  const list = async ({ limit, cursor = '0' }: { limit: number; cursor?: string | undefined }) => {
    asked.pages += 1
    const first = Number(cursor)
    const size = Math.min(limit, rows - first)
    const data = Array.from({ length: size }, (_, index) => ({ number: first + index }))
    return { data, next_cursor: first + size < rows ? String(first + size) : null }
  }
  return { asked, list }
}

test('an export has all that its pages have, in their order', async () => {
  const { data } = await receive(SessionPage, get('limit=200'))
  const lines = (await (await get('limit=1&format=ndjson')).text()).trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual(data)
  const csv = await get('format=csv')
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="sessions.csv"')
  const rows = (await csv.text()).trimEnd().split('\r\n')
  expect(rows).toHaveLength(data.length + 1)
  expect(rows[0]).toMatch(/^event_id,session_id,node_id/)
})

test('an export is refused like a page is', async () => {
  expect(await refusal(get('format=ndjson&cursor=AAAA'))).toBe('400 invalid_cursor')
})

test('the next page is read when the one before it was taken, and no more after the reader has left', async () => {
  const { asked, list } = countedList(10 * EXPORT_PAGE_ROWS)
  const chunks = everyPage({ limit: 1 }, list)
  const response = await exportRows('ndjson', 'numbers', { columns: ['number'], chunks })
  expect(asked.pages).toBe(1)
  const reader = response.body?.getReader()
  for (const pages of [2, 3, 4]) {
    await reader?.read()
    expect(asked.pages).toBe(pages)
  }
  await reader?.cancel()
  expect(asked.pages).toBe(4)
  expect((await chunks.next()).done).toBe(true)
})

test('an export without end is broken off, not ended', async () => {
  const pages = everyPage({ limit: 1 }, async () => ({ data: [{ number: 1 }], next_cursor: 'x' }))
  const response = await exportRows('ndjson', 'numbers', { columns: ['number'], chunks: pages })
  let read = 0
  const whole = (async () => {
    for await (const _ of response.body ?? []) read += 1
  })()
  await expect(whole).rejects.toMatchObject({ reason: 'export_too_long' })
  expect(read).toBe(EXPORT_PAGES_MAX)
})

test('a cell with commas, quotes or lines is quoted, and one that a spreadsheet would run is not run', async () => {
  async function* rows() {
    yield [{ a: 'x,"y"\n', b: '=HYPERLINK("http://h")', c: [1], d: null, e: true }]
  }
  const response = await exportRows('csv', 'cells', { columns: ['a', 'b', 'c', 'd', 'e'], chunks: rows() })
  expect(await response.text()).toBe(`a,b,c,d,e\r\n"x,""y""\n","'=HYPERLINK(""http://h"")",[1],,true\r\n`)
})
