import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEvent } from '../../../shared/events/read.ts'
import { tables } from '../tables/tables.ts'
import { eventOf, readSessionEvents, toValue } from '../testing/events.ts'
import { openTestStores, type TestStores } from '../testing/stores.ts'
import { ingest } from './ingest.ts'

const RUNS = 60
const OLDEST = '2026-01-01'
/** Where ClickHouse's seconds of 32 bits end: a later time is taken for a long gone one, and Decklog lets none through. */
const NEWEST = '2106-01-01'
let stores: TestStores

beforeAll(async () => {
  stores = await openTestStores()
})

afterAll(() => stores[Symbol.asyncDispose]())

const kinds = [
  ...Map.groupBy(readSessionEvents(), ({ event_type }) => event_type).values(),
  [eventOf('client-lifecycle')],
  [eventOf('node-monitoring')],
  [eventOf('load-balancing')],
].flatMap((events) => events.slice(0, 3))

const nasty = fc.oneof(
  fc.constantFrom('', '\0', 'a\0b', '\ud800', '\u{1f600}', 'x'.repeat(2_000), "'\\\n\t", '{}', '[]'),
  fc.constantFrom(
    '1970-01-01T00:00:00.000Z',
    '2299-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59.999Z',
    '0000-01-01T00:00:00.000Z',
  ),
  fc.constantFrom(0, -1, 0.1, 2 ** 53 - 1, 2 ** 53, 1e300, null, true, [], {}),
)

/** Paths of all values in an event. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  return Object.entries(value).flatMap(([name, each]) => pathsOf(each, [...path, name]))
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by
  const copy: Record<string, unknown> = Array.isArray(value) ? Object.assign([], value) : { ...Object(value) }
  copy[name] = replaced(copy[name], rest, by)
  return copy
}

/** An event with one value anywhere in it replaced, or no event at all. */
const record = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(...kinds), fc.nat(), nasty).map(([event, at, by]) => {
      const paths = pathsOf(event)
      return toValue({ ...Object(replaced(event, paths[at % paths.length] ?? [], by)), event_id: crypto.randomUUID() })
    }),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((value) => ({ value })) },
  { weight: 1, arbitrary: fc.jsonValue().map(toValue) },
)

async function storedIds(): Promise<Set<string>> {
  const ids = new Set<string>()
  for (const name of [...tables.map((table) => table.name), 'unattributed_events']) {
    for (const { id } of await stores.clickhouse.query<{ id: string }>(
      `SELECT DISTINCT toString(event_id) AS id FROM ${name}`,
    ))
      ids.add(id)
  }
  return ids
}

test('each record is stored or named with its reason, and none stops the others or those after it', async () => {
  const taken = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 12 }), async (records) => {
      const { failures } = await ingest(stores, records)
      expect(failures.every(({ fault }) => fault.reason !== '' && !fault.retry)).toBe(true)
      const failed = new Set(failures.map(({ record }) => record))
      for (const good of records.filter((each) => !failed.has(each))) {
        const { event_id, occurred_at } = readEvent(good.value)
        // What is older than anything is kept may be gone already.
        if (occurred_at > OLDEST && occurred_at < NEWEST) taken.add(event_id)
      }
    }),
    { numRuns: RUNS },
  )
  const stored = await storedIds()
  expect([...taken].filter((id) => !stored.has(id))).toEqual([])
}, 60_000)
