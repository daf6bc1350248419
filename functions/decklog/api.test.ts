import { Code, ConnectError } from '@connectrpc/connect'
import { Kafka } from '@upstash/kafka'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { EVENTS_TOPIC, TOPIC_PARTITIONS } from '../../shared/contract/decklog.ts'
import { HostHeard } from '../../shared/events/host-heard.ts'
import { BATCH_BYTES_MAX, BATCH_EVENTS_MAX, EVENT_DATA_BYTES_MAX } from '../../shared/events/limits.ts'
import { newId } from '../../shared/ids.ts'
import { IN_FLIGHT_EVENTS_MAX } from './events/gate.ts'
import { mine, NOW, node, openTestDecklog, platform, privateCluster, type TestDecklog } from './testing/decklog.ts'
import { decision, ended, event, monitoring, routed } from './testing/events.ts'

let decklog: TestDecklog

beforeAll(async () => {
  decklog = await openTestDecklog()
})

afterAll(() => decklog[Symbol.asyncDispose]())

beforeEach(() => {
  decklog.controlPlane = 'up'
})

const serviceToken = (service: string) => decklog.identities.service(service, 'decklog')

describe('a media host', () => {
  test.each([true, false])('gets its events into the log, stamped (binary: %s)', async (binary) => {
    const sent = event()
    expect(await decklog.publish([sent], undefined, binary)).toEqual([
      { eventId: sent.event_id, accepted: true, reason: '' },
    ])
    const [record] = await decklog.published()
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
      event({ event_id: crypto.randomUUID() }),
      event({ occurred_at: '1970-01-01T00:00:00.000Z' }),
      event({ occurred_at: '2026-11-24T02:00:00.001Z' }),
      event({ data: Buffer.alloc(EVENT_DATA_BYTES_MAX + 1, 0x20) }),
      event(),
    ]
    const verdicts = await decklog.publish(batch)
    expect(verdicts.map(({ reason }) => reason.split(':')[0])).toEqual([
      '',
      'invalid_event',
      'unknown_type',
      'malformed_data',
      'malformed_data',
      'wrong_source',
      'underived_id',
      'occurred_too_early',
      'occurred_in_future',
      'event_too_large',
      '',
    ])
    expect(verdicts.map(({ eventId }) => eventId)).toEqual(batch.map(({ event_id }) => event_id))
    const ids = (await decklog.published()).map((record) => record.event.event_id)
    expect(ids).toEqual([batch[0]?.event_id, batch[10]?.event_id])
  })

  test('cannot report what only Foghorn sees', async () => {
    const [verdict] = await decklog.publish([event({ event_type: 'load-balancing', data: routed })])
    expect(verdict?.reason).toMatch(/^wrong_sender: /)
  })

  test('has its own state filed under the owner of its cluster', async () => {
    await decklog.publish([event({ event_type: 'node-monitoring', stream_name: '', data: monitoring })])
    const [record] = await decklog.published()
    expect(record?.event).toMatchObject({ tenant_id: platform.tenant, stream_id: null })
    expect(record?.key).toBe(`${platform.tenant}:${node}`)
  })

  test('leaves a mark behind its events in every partition, with its own time of its newest poll', async () => {
    const token = await decklog.identities.node(platform.cluster, newId('node'))
    const before = decklog.marks.length
    const poll = (occurred_at: string) =>
      event({ event_type: 'node-monitoring', stream_name: '', data: monitoring, occurred_at })
    const batch = [event(), poll('2026-11-24T00:00:07.000Z'), event(), poll('2026-11-24T00:00:06.000Z'), event()]
    await decklog.publish(batch, token)
    const records = await decklog.published()
    const marks = decklog.marks.slice(before)
    expect(marks.map(({ partition }) => partition).sort((a, b) => a - b)).toEqual([...Array(TOPIC_PARTITIONS).keys()])
    for (const { partition, offset, value } of marks) {
      const { heard_at, partitions } = HostHeard.parse(JSON.parse(Buffer.from(value).toString()))
      expect({ heard_at, partitions }).toEqual({ heard_at: '2026-11-24T00:00:07.000Z', partitions: TOPIC_PARTITIONS })
      const there = records.filter((record) => record.partition === partition)
      expect(there.every((record) => record.offset < offset)).toBe(true)
    }
    // The next is due only some time later.
    await decklog.publish([poll('2026-11-24T00:00:08.000Z')], token)
    await decklog.published()
    expect(decklog.marks.length - before).toBe(TOPIC_PARTITIONS)
  })

  test('that reports a stream without an owner has it kept apart, not dropped', async () => {
    await decklog.publish([
      event({ stream_name: 'live+nobody' }),
      event({ stream_name: 'dynvod' }),
      event({ stream_name: '' }),
    ])
    const records = await decklog.published()
    expect(records.map(({ key }) => key)).toEqual(Array.from({ length: 3 }, () => `unattributed:${node}`))
    expect(records.every(({ event: { tenant_id, stream_id } }) => tenant_id === null && stream_id === null)).toBe(true)
    expect(records[0]?.headers).not.toHaveProperty('tenant_id')
  })

  test('of a private cluster cannot write into another tenant’s books', async () => {
    await decklog.publish([event()], await decklog.identities.node(privateCluster.cluster))
    const [record] = await decklog.published()
    expect(record?.event).toMatchObject({ tenant_id: null, stream_id: null, cluster_id: privateCluster.cluster })
  })

  test('leaves neither viewers’ addresses nor credentials in the log', async () => {
    const data = {
      action: 'connect',
      session_id: 'a',
      host: '203.0.113.77',
      connector: 'HLS',
      request_url: 'https://me:hunter2@host.example/hls/x/index.m3u8?tkn=hunter2',
    }
    expect(await decklog.publish([event({ event_type: 'user-connection', data })])).toMatchObject([{ accepted: true }])
    const [record] = await decklog.published()
    expect(record?.event.data).toMatchObject({ host: '203.0.113.0' })
    expect(record?.text).not.toMatch(/hunter2|203\.0\.113\.77/)
  })

  test('is asked to come back, with nothing in the log, while the control plane is away', async () => {
    decklog.controlPlane = 'down'
    const error = await decklog.publish([event({ stream_name: 'live+unheard-of' })]).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.Unavailable })
    expect(await decklog.published()).toEqual([])
  })

  test('with an owner that is remembered goes on while the control plane is away', async () => {
    await decklog.publish([event()])
    decklog.controlPlane = 'down'
    await decklog.publish([event()])
    expect(await decklog.published()).toHaveLength(2)
  })

  test('is told when to come back while too much is in flight', async () => {
    using _ = decklog.gate.enter(IN_FLIGHT_EVENTS_MAX, 0)
    const error = await decklog.publish([event()]).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.ResourceExhausted })
    expect(error instanceof ConnectError && error.metadata.get('retry-after')).toBe('1')
    expect(await decklog.published()).toEqual([])
  })

  test('sends at most a batch at a time', async () => {
    const batch = Array.from({ length: BATCH_EVENTS_MAX }, () => event())
    expect(await decklog.publish(batch)).toHaveLength(BATCH_EVENTS_MAX)
    expect(await decklog.published()).toHaveLength(BATCH_EVENTS_MAX)
    const error = await decklog.publish([...batch, event()]).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining('batch_too_large') })
  })

  test('hears that a batch has too many bytes in a way that it can mend', async () => {
    const data = Buffer.alloc(EVENT_DATA_BYTES_MAX, 0x20)
    const batch = Array.from({ length: BATCH_BYTES_MAX / EVENT_DATA_BYTES_MAX }, () => event({ data }))
    const error = await decklog.publish(batch).catch(ConnectError.from)
    expect(error).toMatchObject({ code: Code.InvalidArgument, rawMessage: expect.stringContaining('body_too_large') })
  })
})

describe('an edge worker', () => {
  test('appends one event or many, as text or as an object', async () => {
    const token = await serviceToken('foghorn')
    const one = decision()
    const response = await decklog.produce({ value: JSON.stringify(one), key: 'mine', headers: [] }, token)
    expect(await response.json()).toEqual([
      { topic: EVENTS_TOPIC, partition: expect.any(Number), offset: expect.any(Number), timestamp: NOW.getTime() },
    ])
    expect(await (await decklog.produce([{ value: decision() }, { value: decision() }], token)).json()).toHaveLength(2)
    const records = await decklog.published()
    expect(records).toHaveLength(3)
    expect(records.map(({ key }) => key)).toEqual(
      Array.from({ length: 3 }, () => `${mine.tenant_id}:${mine.stream_id}`),
    )
    expect(records.map((record) => record.event)).toContainEqual(
      expect.objectContaining({ event_id: one.event_id, node_id: null, cluster_id: null, ...mine }),
    )
  })

  test('tells of places that the log knows as cells alone', async () => {
    const place = { country_code: 'NL', city: 'Delft', latitude: 52.0116, longitude: 4.3571 }
    const value = event({ event_type: 'load-balancing', source: 'foghorn', data: { ...routed, place } })
    await decklog.produce({ value }, await serviceToken('foghorn'))
    const [record] = await decklog.published()
    const cell = { latitude: 52.00791, longitude: 4.45627, h3_cell: '85196bb3fffffff' }
    expect(record?.event).toMatchObject({ data: { place: { ...place, ...cell } } })
  })

  test('uses the client of the protocol unchanged', async () => {
    const kafka = new Kafka({ url: decklog.url, username: 'foghorn', password: await serviceToken('foghorn') })
    const producer = kafka.producer()
    expect(await producer.produce(EVENTS_TOPIC, decision(), { key: 'a' })).toMatchObject({ topic: EVENTS_TOPIC })
    const many = [decision(), decision()].map((value) => ({ topic: EVENTS_TOPIC, value }))
    expect(await producer.produceMany(many)).toHaveLength(2)
    expect(await decklog.published()).toHaveLength(3)
  })

  test('hears which of its events were refused', async () => {
    const token = await serviceToken('foghorn')
    const mixed = await decklog.produce([{ value: decision() }, { value: 'no json' }], token)
    expect(mixed.status).toBe(200)
    expect(await mixed.json()).toMatchObject([{ topic: EVENTS_TOPIC }, { status: 422, error: /^malformed_data/ }])
    const refused = await decklog.produce({ value: event() }, token)
    expect(refused.status).toBe(422)
    expect(await refused.json()).toMatchObject({
      code: 'events_rejected',
      detail: expect.stringMatching(/^wrong_source/),
    })
    expect(await decklog.published()).toHaveLength(1)
  })

  test.each([
    ['a topic of its own', '/produce/other', { value: {} }, 404],
    ['the dead letters', '/produce/analytics_events_dlq', { value: {} }, 404],
    ['another topic in the record', '/produce', { topic: 'other', value: {} }, 400],
    ['no record', '/produce/analytics_events', [], 400],
    ['no value', '/produce/analytics_events', { key: 'a' }, 400],
  ])('cannot append to %s', async (_, path, body, status) => {
    expect((await decklog.produce(body, await serviceToken('foghorn'), path)).status).toBe(status)
  })
})

describe('nobody else', () => {
  test.each([
    ['without a token', async () => '', Code.Unauthenticated],
    ['with another service’s token', () => serviceToken('purser'), Code.PermissionDenied],
    ['with a user’s token', () => decklog.identities.user(mine.tenant_id, { operator: true }), Code.PermissionDenied],
  ])('publishes: %s', async (_, token, code) => {
    const error = await decklog.publish([event()], await token()).catch(ConnectError.from)
    expect(error).toMatchObject({ code })
    const http = { [Code.Unauthenticated]: 401, [Code.PermissionDenied]: 403 }[code as number]
    expect((await decklog.produce({ value: decision() }, await token())).status).toBe(http)
    expect(await decklog.published()).toEqual([])
  })
})

test('a body over the limit is refused before it is read', async () => {
  const response = await decklog.produce({ value: 'x'.repeat(BATCH_BYTES_MAX) }, await serviceToken('foghorn'))
  expect(response.status).toBe(413)
})

test('the API describes itself', async () => {
  const document = await (await fetch(`${decklog.url}/openapi.json`)).json()
  expect(document).toMatchObject({ openapi: '3.1.0', paths: { '/produce/{topic}': { post: {} } } })
})
