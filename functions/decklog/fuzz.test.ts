import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PublishEventsRequestSchema, PublishEventsResponseSchema, Status } from '../../shared/proto/decklog_pb.ts'
import { node, openTestDecklog, platform, type TestDecklog } from './testing/decklog.ts'
import { decision, event, message, monitoring } from './testing/events.ts'

const RUNS = 150
const PATH = '/frameworks.decklog.v1.DecklogService/PublishEvents'

let decklog: TestDecklog
let nodeToken: string
let foghornToken: string

beforeAll(async () => {
  decklog = await openTestDecklog()
  nodeToken = await decklog.identities.node(platform.cluster, node)
  foghornToken = await decklog.identities.service('foghorn', 'decklog')
})

afterAll(() => decklog[Symbol.asyncDispose]())

const nasty = fc.oneof(
  fc.constantFrom(
    '',
    '\0',
    '\ud800',
    'x'.repeat(5_000),
    '__proto__',
    '9999-12-31T23:59:59.999Z',
    '+275760-09-13T00:00:00.000Z',
  ),
  fc.constantFrom(0, -1, 1.5, 1e308, 2 ** 53, null, true, [], {}),
  fc.jsonValue({ maxDepth: 2 }),
)

/** A good event with one of its fields, or one of its data's, replaced. */
const spoilt = fc
  .tuple(fc.constantFrom('stream-end', 'node-monitoring'), fc.boolean(), fc.nat(), nasty)
  .map(([event_type, inData, field, value]) => {
    const good = event_type === 'stream-end' ? event() : event({ event_type, stream_name: '', data: monitoring })
    if (!inData) return { ...good, [Object.keys(good)[field % 7] ?? '']: value }
    const data = Object(good.data)
    const names = Object.keys(data)
    return { ...good, data: { ...data, [names[field % names.length] ?? '']: value } }
  })

function encode(events: readonly ReturnType<typeof event>[]): Uint8Array {
  const texts = events.map((each) => {
    const text = (value: unknown) => (typeof value === 'string' ? value.toWellFormed() : JSON.stringify(value ?? null))
    const schema_version = Number.isInteger(each.schema_version) ? Math.abs(each.schema_version) % 2 ** 31 : 0
    const texted = Object.fromEntries(Object.entries(each).map(([name, value]) => [name, text(value)]))
    return message({ ...event(), ...texted, schema_version, data: each.data })
  })
  return toBinary(PublishEventsRequestSchema, create(PublishEventsRequestSchema, { events: texts }))
}

const mangled = fc
  .tuple(fc.array(spoilt, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(20), fc.uint8Array({ maxLength: 20 }))
  .map(([events, at, cut, bytes]) => {
    const whole = encode(events)
    const from = at % (whole.length + 1)
    return new Uint8Array([...whole.slice(0, from), ...bytes, ...whole.slice(from + cut)])
  })

function post(path: string, contentType: string, body: Uint8Array | string, token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType, 'connect-protocol-version': '1' }
  return fetch(decklog.url + path, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : Uint8Array.from(body),
  })
}

test('any protobuf gets an answer, with a verdict for each event, and what was accepted is in the log', async () => {
  const bodies = fc.oneof(fc.array(spoilt, { maxLength: 6 }).map(encode), mangled, fc.uint8Array({ maxLength: 200 }))
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const response = await post(PATH, 'application/proto', body, nodeToken)
      expect(response.status).toBeLessThan(500)
      if (response.status !== 200) return
      const { verdicts } = fromBinary(PublishEventsResponseSchema, new Uint8Array(await response.arrayBuffer()))
      const { events } = fromBinary(PublishEventsRequestSchema, body)
      expect(verdicts.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId))
      const accepted = verdicts.filter(({ status }) => status === Status.ACCEPTED)
      const rejected = verdicts.filter(({ status }) => status === Status.REJECTED)
      expect(accepted.length + rejected.length).toBe(events.length)
      expect(rejected.every(({ reason }) => /^[a-z_]+: /.test(reason))).toBe(true)
      const published = (await decklog.published()).map((record) => record.event.event_id)
      expect(published.toSorted()).toEqual(accepted.map(({ eventId }) => eventId).toSorted())
    }),
    { numRuns: RUNS },
  )
})

test('any JSON gets an answer too', async () => {
  const bodies = fc.oneof(
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.array(spoilt).map((events) => JSON.stringify({ events })),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      expect((await post(PATH, 'application/json', body, nodeToken)).status).toBeLessThan(500)
    }),
    { numRuns: RUNS },
  )
  await decklog.published()
})

test('any record gets an answer at the door for edge workers, an entry each', async () => {
  const record = fc.oneof(
    fc.tuple(fc.nat(), nasty).map(([field, value]) => {
      const good = decision()
      return { value: { ...good, [Object.keys(good)[field % 7] ?? '']: value } }
    }),
    nasty.map((value) => ({ value })),
    nasty,
  )
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 5 }), async (records) => {
      const body = JSON.stringify(records)
      const response = await post('/produce/analytics_events', 'application/json', body, foghornToken)
      expect(response.status).toBeLessThan(500)
      const answer: unknown = await response.json()
      const taken = response.ok ? (answer as object[]).filter((entry) => 'offset' in entry).length : 0
      if (response.ok) expect(answer).toHaveLength(records.length)
      expect(await decklog.published()).toHaveLength(taken)
    }),
    { numRuns: RUNS },
  )
})
