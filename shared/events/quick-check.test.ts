import fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventOf, readSessionEvents } from '../../functions/periscope-ingest/testing/events.ts'
import { SentEvent, StoredEvent as Stored, type StoredEvent } from './envelope.ts'
import { isSentEvent, isStoredEvent } from './quick-check.ts'

const RUNS = 20_000

const recorded = readSessionEvents()
const polls = [eventOf('client-lifecycle'), eventOf('node-monitoring'), eventOf('load-balancing')]
const events: StoredEvent[] = [...recorded, ...polls]

function toSent({ tenant_id, stream_id, node_id, cluster_id, received_at, ...sent }: StoredEvent): unknown {
  return sent
}

test('every event of a recorded session passes, as it is stored and as it was sent', () => {
  for (const event of events) {
    expect(isStoredEvent(event), event.event_type).toBe(true)
    expect(isSentEvent(toSent(event)), event.event_type).toBe(true)
  }
})

const nasty = fc.oneof(
  fc.constantFrom<unknown>('', '\0', '\ud800', '\u{1f600}'.repeat(128), '\u{1f600}'.repeat(129), 'x'.repeat(256)),
  fc.constantFrom<unknown>(
    'x'.repeat(257),
    '2026-02-30T00:00:00.000Z',
    '2026-11-24T00:00:00Z',
    '0000-01-01T00:00:00.000Z',
  ),
  fc.constantFrom<unknown>(0, -0, -1, 0.1, 91, 100, 2 ** 53 - 1, 2 ** 53, 1e300, null, true, [], {}, undefined),
  fc.constantFrom<unknown>(
    'connect',
    'disconnect',
    'denied',
    'live',
    'stream-end',
    'reconciled',
    'NL',
    '85196bb3fffffff',
  ),
  fc.constant<unknown>(JSON.parse('{"__proto__": 1, "cpu": 2}')),
)

/** Paths of all values in an event, and one into nowhere beside each object's. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  const inner = Object.entries(value).flatMap(([name, each]) => pathsOf(each, [...path, name]))
  return [[...path], ...inner, [...path, 'unheard_of'], [...path, '__proto__']]
}

function replaced(value: unknown, [name, ...rest]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by
  const copy: Record<string, unknown> = Array.isArray(value) ? Object.assign([], value) : { ...Object(value) }
  const content = replaced(Object.hasOwn(copy, name) ? copy[name] : undefined, rest, by)
  Object.defineProperty(copy, name, { value: content, enumerable: true, configurable: true, writable: true })
  return copy
}

const mutated = fc
  .tuple(
    fc.constantFrom(...new Map(events.map((event) => [JSON.stringify(shapeOf(event)), event])).values()),
    fc.nat(),
    nasty,
  )
  .map(([event, at, by]) => {
    const paths = pathsOf(event)
    return replaced(event, paths[at % paths.length] ?? [], by)
  })

function shapeOf({ event_type, data }: StoredEvent): unknown {
  return [event_type, 'action' in data ? data.action : 'status' in data ? data.status : null]
}

test.each([
  ['stored', isStoredEvent, Stored, (value: unknown) => value],
  ['sent', isSentEvent, SentEvent, (value: unknown) => toSent(Object(value))],
] as const)('of any event that is %s it says what the schema says', (_, quick, schema, toForm) => {
  fc.assert(
    fc.property(mutated, (value) => {
      // As it would come over a wire.
      const text = JSON.stringify(toForm(value) ?? null)
      const input: unknown = JSON.parse(text)
      const slow = schema.safeParse(input)
      const unchanged = slow.success && JSON.stringify(sorted(slow.data)) === JSON.stringify(sorted(input))
      expect(quick(input)).toBe(unchanged)
    }),
    { numRuns: RUNS },
  )
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => [name, sorted(each)])
}
