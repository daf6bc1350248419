import fc from 'fast-check'
import { type Door, send } from './api.ts'

const RUNS = 40

const nasty = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '\ud800',
    '\u202e',
    "'; drop table users; --",
    'x'.repeat(100_000),
    '%00',
    '../..',
    '__proto__',
  ),
  fc.constantFrom(0, -1, 1.5, 1e308, -1e308, 2 ** 53, 2 ** 31, null, true, false),
  fc.constantFrom([], [[]], {}, { toString: 1 }, ['\0'], { '\0': 1 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.jsonValue({ maxDepth: 3 }),
)

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .map((raw) => encodeURIComponent(raw.toWellFormed()))
const part = fc.oneof(fc.constantFrom('%00', '%', '%F0%9F', '0', "'"), text)
const search = fc.oneof(
  fc.constantFrom('', '?limit=1e99', '?limit=NaN', '?cursor=%00', '?cursor=WyJcdTAwMDAiXQ==', '?limit=1&limit=2'),
  text.map((cursor) => `?cursor=${cursor}`),
)

/** A body that was good until one of its fields, or all of it, was replaced; or with one field too many. */
function spoilt(good: Record<string, unknown>): fc.Arbitrary<unknown> {
  const names = Object.keys(good)
  const replaced = fc
    .tuple(fc.constantFrom(...names, 'more'), nasty)
    .map(([name, value]) => ({ ...good, [name]: value }))
  return fc.oneof({ weight: 4, arbitrary: replaced }, nasty)
}

interface Target {
  /** `POST /streams/{id}` */
  line: string
  /** A good body, when the operation takes one. */
  body?: Record<string, unknown> | undefined
  token?: string | undefined
  /** What it may answer, as its document says. */
  statuses: readonly number[]
}

/** Sends spoilt bodies, path parts and queries to an operation; throws, naming input and seed, at an answer of 500 or more or one that is not documented. */
export async function expectNoBreakage(door: Door, { line, body, token, statuses }: Target): Promise<void> {
  const [method = '', pattern = ''] = line.split(' ', 2)
  const inputs = fc.record({ part, search, content: body ? spoilt(body) : fc.constant(undefined) })
  await fc.assert(
    fc.asyncProperty(inputs, async ({ part, search, content }) => {
      const path = pattern.replaceAll(/\{\w+\}/g, part)
      const response = await send(door, `${method} ${path}${search}`, { token, body: content })
      const { status } = response
      if (status >= 500 || !statuses.includes(status)) throw new Error(`${line}: ${status}: ${await response.text()}`)
    }),
    { numRuns: RUNS },
  )
}
