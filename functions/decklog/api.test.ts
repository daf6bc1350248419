import { create } from '@bufbuild/protobuf'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { serve } from '@hono/node-server'
import { Kafka } from '@upstash/kafka'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EVENTS_TOPIC, TOPIC_PARTITIONS } from '../../shared/contract/decklog.ts'
import type { KeySet } from '../../shared/contract/identity.ts'
import { StoredEvent } from '../../shared/events/envelope.ts'
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_DATA_BYTES_MAX } from '../../shared/events/limits.ts'
import { createAuthenticate } from '../../shared/http/authenticate.ts'
import { createKey, toPublicKey } from '../../shared/identity/key.ts'
import { createSigner, type Signer, signNodeToken, signUserToken } from '../../shared/identity/signer.ts'
import { createVerifier } from '../../shared/identity/verifier.ts'
import { newId } from '../../shared/ids.ts'
import type { ConsumedRecord } from '../../shared/kafka/event-log.ts'
import { PostgresEventLog } from '../../shared/kafka/postgres/postgres-event-log.ts'
import { createLog } from '../../shared/log.ts'
import { DecklogService, EventSchema, Status } from '../../shared/proto/decklog_pb.ts'
import { freshDatabase, type TestDatabase } from '../../shared/testing/postgres.ts'
import { createApi } from './api.ts'
import { Gate, IN_FLIGHT_EVENTS_MAX } from './events/gate.ts'
import { createOwners } from './owners/owners.ts'

const NOW = new Date('2026-11-24T01:00:00.000Z')
const clock = () => NOW
const platform = { tenant: newId('tenant'), cluster: newId('cluster') }
const private_ = { tenant: newId('tenant'), cluster: newId('cluster') }
const mine = { tenant_id: newId('tenant'), stream_id: newId('stream') }
const node = newId('node')

let database: TestDatabase
let events: PostgresEventLog
let gate: Gate
let controlPlane: 'up' | 'down'
let url: string
let close: () => Promise<unknown>
const signers = new Map<string, Signer>()

beforeAll(async () => {
  database = await freshDatabase()
  await database.migrate({
    schema: 'event_log',
    folder: new URL('../../shared/kafka/postgres/migrations/', import.meta.url),
  })
  events = new PostgresEventLog(database.pool(database.urlAs('event_log')))
  await events.ensureTopic(EVENTS_TOPIC, { partitions: TOPIC_PARTITIONS })
  const keys: KeySet = { keys: [] }
  for (const issuer of ['commodore', 'quartermaster', 'foghorn', 'purser']) {
    const key = await createKey(issuer)
    keys.keys.push(toPublicKey(key))
    signers.set(issuer, createSigner(key, clock))
  }
  gate = new Gate()
  const client = (service: string) => ({ service, baseUrl: new URL(`http://${service}.test`), fetch: answer })
  const app = createApi({
    log: createLog('decklog'),
    clock,
    authenticate: createAuthenticate({ verify: createVerifier({ keys, service: 'decklog', clock }) }),
    deps: {
      events,
      owners: createOwners({ commodore: client('commodore'), quartermaster: client('quartermaster'), clock }),
      gate,
      count: () => undefined,
    },
    metrics: new Registry(),
    observe: () => undefined,
    checks: {},
  })
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  close = () => new Promise((resolve) => server.close(resolve))
})

afterAll(async () => {
  await close()
  await events[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

beforeEach(() => {
  controlPlane = 'up'
})

/** The control plane's two look-ups, as their contracts say. */
function answer(request: Request): Response {
  if (controlPlane === 'down') throw new TypeError('fetch failed')
  if (request.url.endsWith('/streams/resolve')) {
    return Response.json({ streams: [{ ...mine, internal_name: 'regatta', playback_id: 'p' }] })
  }
  return Response.json({
    clusters: [
      { cluster_id: platform.cluster, kind: 'platform', owner_tenant_id: platform.tenant },
      { cluster_id: private_.cluster, kind: 'private', owner_tenant_id: private_.tenant },
    ],
  })
}

function signer(issuer: string): Signer {
  const found = signers.get(issuer)
  if (!found) throw new Error(`no key of ${issuer}`)
  return found
}

const nodeToken = (cluster_id = platform.cluster) => signNodeToken(signer('quartermaster'), { sub: node, cluster_id })
const serviceToken = (issuer: string) => signer(issuer).sign({ kind: 'service', sub: issuer }, 'decklog', 60)

const ended = {
  ingress_bytes: 1,
  egress_bytes: 2,
  viewers: 0,
  inputs: 1,
  outputs: 0,
  viewer_seconds: 0,
  provenance: 'reported',
}

function event(changes: Partial<Record<string, unknown>> = {}) {
  const event_id = crypto.randomUUID()
  return {
    event_id,
    event_type: 'stream-end',
    stream_name: 'live+regatta',
    occurred_at: '2026-11-24T00:36:20.559Z',
    source: 'helmsman',
    schema_version: 1,
    data: ended as unknown,
    ...changes,
  }
}

function message({
  event_id,
  event_type,
  stream_name,
  occurred_at,
  source,
  schema_version,
  data,
}: ReturnType<typeof event>) {
  const bytes = data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data))
  return create(EventSchema, {
    eventId: event_id,
    eventType: event_type,
    streamName: stream_name,
    occurredAt: occurred_at,
    source,
    schemaVersion: schema_version,
    data: bytes,
  })
}

async function publish(batch: ReturnType<typeof event>[], token?: string, useBinaryFormat = true) {
  const transport = createConnectTransport({ baseUrl: url, httpVersion: '1.1', useBinaryFormat })
  const authorization = `Bearer ${token ?? (await nodeToken())}`
  const { verdicts } = await createClient(DecklogService, transport).publishEvents(
    { events: batch.map(message) },
    { headers: { authorization } },
  )
  return verdicts.map(({ eventId, status, reason }) => ({ eventId, accepted: status === Status.ACCEPTED, reason }))
}

async function produce(records: unknown, token: string, path = '/produce/analytics_events') {
  return fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(records),
  })
}

/** The records that are new since the last call. */
async function published(): Promise<(ConsumedRecord & { event: StoredEvent; text: string })[]> {
  const seen: ConsumedRecord[] = []
  const of = { topic: EVENTS_TOPIC, group: 'test', batch_records_max: 1_000, batch_wait_ms: 1 }
  await using consumer = events.consume(of, async (batch) => {
    seen.push(...batch)
  })
  await consumer.drained()
  return seen.map((record) => {
    const text = Buffer.from(record.value).toString()
    return { ...record, text, event: StoredEvent.parse(JSON.parse(text)) }
  })
}

describe('a media host', () => {
  test.each([true, false])('gets its events into the log, stamped (binary: %s)', async (binary) => {
    const sent = event()
    expect(await publish([sent], undefined, binary)).toEqual([{ eventId: sent.event_id, accepted: true, reason: '' }])
    const [record] = await published()
    expect(record?.event).toEqual({
      ...sent,
      ...mine,
      node_id: node,
      cluster_id: platform.cluster,
      received_at: NOW.toISOString(),
    })
    expect(record?.key).toBe(`${mine.tenant_id}:${mine.stream_id}`)
    expect(record?.headers).toEqual({
      event_id: sent.event_id,
      event_type: 'stream-end',
      source: 'helmsman',
      tenant_id: mine.tenant_id,
    })
  })

  test('has a bad event refused without harm to the good ones around it', async () => {
    const batch = [
      event(),
      event({ data: { ...ended, egress_bytes: -1 } }),
      event({ event_type: 'stream-sink' }),
      event({ data: Buffer.from('{"a":') }),
      event({ data: Buffer.from([0x7b, 0xff, 0x7d]) }),
      event({ source: 'foghorn' }),
      event({ occurred_at: '1970-01-01T00:00:00.000Z' }),
      event({ occurred_at: '2026-11-24T02:00:00.001Z' }),
      event({ data: Buffer.alloc(EVENT_DATA_BYTES_MAX + 1, 0x20) }),
      event(),
    ]
    const verdicts = await publish(batch)
    expect(verdicts.map(({ reason }) => reason.split(':')[0])).toEqual([
      '',
      'invalid_event',
      'unknown_type',
      'malformed_data',
      'malformed_data',
      'wrong_source',
      'occurred_too_early',
      'occurred_in_future',
      'event_too_large',
      '',
    ])
    expect(verdicts.map(({ eventId }) => eventId)).toEqual(batch.map(({ event_id }) => event_id))
    const ids = (await published()).map((record) => record.event.event_id)
    expect(ids).toEqual([batch[0]?.event_id, batch[9]?.event_id])
  })

  test('cannot report what only Foghorn sees', async () => {
    const [verdict] = await publish([event({ event_type: 'load-balancing', data: routed })])
    expect(verdict?.reason).toMatch(/^wrong_sender: /)
  })

  test('has its own state filed under the owner of its cluster', async () => {
    await publish([event({ event_type: 'node-monitoring', stream_name: '', data: monitoring })])
    const [record] = await published()
    expect(record?.event).toMatchObject({ tenant_id: platform.tenant, stream_id: null })
    expect(record?.key).toBe(`${platform.tenant}:${node}`)
  })

  test('that reports a stream without an owner has it kept apart, not dropped', async () => {
    await publish([event({ stream_name: 'live+nobody' }), event({ stream_name: 'dynvod' }), event({ stream_name: '' })])
    const records = await published()
    expect(records.map(({ key }) => key)).toEqual(Array.from({ length: 3 }, () => `unattributed:${node}`))
    expect(records.every(({ event: { tenant_id, stream_id } }) => tenant_id === null && stream_id === null)).toBe(true)
    expect(records[0]?.headers).not.toHaveProperty('tenant_id')
  })

  test('of a private cluster cannot write into another tenant’s books', async () => {
    await publish([event()], await nodeToken(private_.cluster))
    const [record] = await published()
    expect(record?.event).toMatchObject({ tenant_id: null, stream_id: null, cluster_id: private_.cluster })
  })

  test('leaves neither viewers’ addresses nor credentials in the log', async () => {
    const data = {
      action: 'connect',
      session_id: 'a',
      host: '203.0.113.77',
      connector: 'HLS',
      request_url: 'https://me:hunter2@host.example/hls/x/index.m3u8?tkn=hunter2',
    }
    expect(await publish([event({ event_type: 'user-connection', data })])).toMatchObject([{ accepted: true }])
    const [record] = await published()
    expect(record?.event.data).toMatchObject({ host: '203.0.113.0' })
    expect(record?.text).not.toMatch(/hunter2|203\.0\.113\.77/)
  })

  test('is asked to come back, with nothing in the log, while the control plane is away', async () => {
    controlPlane = 'down'
    const error = await publish([event({ stream_name: 'live+unheard-of' })]).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.Unavailable })
    expect(await published()).toEqual([])
  })

  test('with an owner that is remembered goes on while the control plane is away', async () => {
    await publish([event()])
    controlPlane = 'down'
    await publish([event()])
    expect(await published()).toHaveLength(2)
  })

  test('is told when to come back while too much is in flight', async () => {
    using _ = gate.enter(IN_FLIGHT_EVENTS_MAX, 0)
    const error = await publish([event()]).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.ResourceExhausted })
    expect(error instanceof ConnectError && error.metadata.get('retry-after')).toBe('1')
    expect(await published()).toEqual([])
  })

  test('sends at most a batch at a time', async () => {
    const batch = Array.from({ length: BATCH_EVENTS_MAX }, () => event())
    expect(await publish(batch)).toHaveLength(BATCH_EVENTS_MAX)
    expect(await published()).toHaveLength(BATCH_EVENTS_MAX)
    const error = await publish([...batch, event()]).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining('batch_too_large') })
  })
})

describe('an edge worker', () => {
  test('appends one event or many, as text or as an object', async () => {
    const token = await serviceToken('foghorn')
    const one = decision()
    const response = await produce({ value: JSON.stringify(one), key: 'mine', headers: [] }, token)
    expect(await response.json()).toEqual([
      { topic: EVENTS_TOPIC, partition: expect.any(Number), offset: expect.any(Number), timestamp: NOW.getTime() },
    ])
    expect(await (await produce([{ value: decision() }, { value: decision() }], token)).json()).toHaveLength(2)
    const records = await published()
    expect(records).toHaveLength(3)
    expect(records.map(({ key }) => key)).toEqual(
      Array.from({ length: 3 }, () => `${mine.tenant_id}:${mine.stream_id}`),
    )
    expect(records.map((record) => record.event)).toContainEqual(
      expect.objectContaining({ event_id: one.event_id, node_id: null, cluster_id: null, ...mine }),
    )
  })

  test('uses the client of the protocol unchanged', async () => {
    const kafka = new Kafka({ url, username: 'foghorn', password: await serviceToken('foghorn') })
    const producer = kafka.producer()
    expect(await producer.produce(EVENTS_TOPIC, decision(), { key: 'a' })).toMatchObject({ topic: EVENTS_TOPIC })
    const many = [decision(), decision()].map((value) => ({ topic: EVENTS_TOPIC, value }))
    expect(await producer.produceMany(many)).toHaveLength(2)
    expect(await published()).toHaveLength(3)
  })

  test('hears which of its events were refused', async () => {
    const token = await serviceToken('foghorn')
    const mixed = await produce([{ value: decision() }, { value: 'no json' }], token)
    expect(mixed.status).toBe(200)
    expect(await mixed.json()).toMatchObject([{ topic: EVENTS_TOPIC }, { status: 422, error: /^malformed_data/ }])
    const refused = await produce({ value: event() }, token)
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({
      code: 'events_rejected',
      detail: expect.stringMatching(/^wrong_source/),
    })
    expect(await published()).toHaveLength(1)
  })

  test.each([
    ['a topic of its own', '/produce/other', { value: {} }, 404],
    ['the dead letters', '/produce/analytics_events_dlq', { value: {} }, 404],
    ['another topic in the record', '/produce', { topic: 'other', value: {} }, 400],
    ['no record', '/produce/analytics_events', [], 400],
    ['no value', '/produce/analytics_events', { key: 'a' }, 400],
  ])('cannot append to %s', async (_, path, body, status) => {
    expect((await produce(body, await serviceToken('foghorn'), path)).status).toBe(status)
  })
})

describe('nobody else', () => {
  test.each([
    ['without a token', async () => '', Code.Unauthenticated],
    ['with another service’s token', () => serviceToken('purser'), Code.PermissionDenied],
    ['with a user’s token', userToken, Code.PermissionDenied],
  ])('publishes: %s', async (_, token, code) => {
    const error = await publish([event()], await token()).catch(ConnectError.from)
    expect(error).toMatchObject({ code })
    const http = { [Code.Unauthenticated]: 401, [Code.PermissionDenied]: 403 }[code as number]
    expect((await produce({ value: decision() }, await token())).status).toBe(http)
    expect(await published()).toEqual([])
  })
})

test('a body over the limit is refused before it is read', async () => {
  const response = await produce({ value: 'x'.repeat(BATCH_BYTES_MAX) }, await serviceToken('foghorn'))
  expect(response.status).toBe(413)
})

test('the API describes itself', async () => {
  const document = await (await fetch(`${url}/openapi.json`)).json()
  expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/produce/{topic}': { post: {} } } })
})

async function userToken() {
  const claims = { sub: newId('user'), tenant_id: mine.tenant_id, role: 'owner' as const, operator: true }
  return signUserToken(signer('commodore'), claims)
}

const routed = {
  purpose: 'play',
  outcome: 'chosen',
  reason_code: null,
  playback_id: 'p',
  protocol: 'HLS',
  place: null,
  chosen_node_id: node,
  chosen_cluster_id: platform.cluster,
  distance_km: 12.5,
  score: 0.9,
  score_parts: { cpu: 0.4 },
  candidates: [{ node_id: node, score: 0.9, rejected: null }],
  candidates_total: 1,
  decision_us: 80,
}

function decision() {
  return event({ event_type: 'load-balancing', source: 'foghorn', data: routed })
}

const monitoring = {
  healthy: false,
  unhealthy_reasons: ['mist_unreachable'],
  cpu_percent: null,
  memory_total_bytes: null,
  memory_used_bytes: null,
  shm_total_bytes: null,
  shm_used_bytes: null,
  media_egress_bytes: null,
  media_ingress_bytes: null,
  media_egress_bytes_per_second: null,
  media_ingress_bytes_per_second: null,
  network_egress_bytes: null,
  network_ingress_bytes: null,
  network_egress_bytes_per_second: null,
  network_ingress_bytes_per_second: null,
  bandwidth_limit_bytes_per_second: null,
  streams: null,
  viewers: null,
  inputs: null,
  outputs: null,
  location: null,
}
