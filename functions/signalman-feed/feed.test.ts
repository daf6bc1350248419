import { expect, test } from 'vitest'
import { TOPIC_PARTITIONS } from '../../shared/contract/decklog.ts'
import { type FedEvent, feedHub, LiveEventType } from '../../shared/contract/signalman.ts'
import { FEED_EVENTS_MAX } from '../../shared/contract/signalman-limits.ts'
import { eventTypes } from '../../shared/events/catalogue.ts'
import { newId } from '../../shared/ids.ts'
import { createLog } from '../../shared/log.ts'
import { CALL_CHARS_MAX, feed, HUBS_AT_ONCE, LOG_PARTITIONS_MAX, TOLD_WITHIN_MS } from './feed.ts'

const NOW = Date.parse('2026-11-24T10:00:00.000Z')
const Body = feedHub.request.omit({ tenant_id: true })

/** Signalman's door as far as the feed calls it: what was brought, by tenant, and statuses to answer with instead. */
function openDoor() {
  const calls: { tenant_id: string; events: FedEvent[] }[] = []
  const statuses = new Map<string, number>()
  let [atOnce, most] = [0, 0]
  const fetch = async (request: Request) => {
    most = Math.max(most, ++atOnce)
    const { events } = Body.parse(await request.json())
    await new Promise(setImmediate)
    atOnce--
    const tenant_id = new URL(request.url).pathname.split('/')[2] ?? ''
    const status = statuses.get(tenant_id)
    if (status !== undefined) return Response.json({ status, code: 'x', detail: 'x' }, { status })
    calls.push({ tenant_id, events })
    return Response.json({ taken: events.length })
  }
  const signalman = { service: 'signalman', baseUrl: new URL('http://signalman.test'), fetch }
  const deps = { signalman, clock: () => new Date(NOW), log: createLog('signalman-feed'), log_number: 0 }
  return { calls, statuses, deps, most: () => most }
}

let next = 0n

function record(tenant_id: string | null, { ageMs = 0, type = 'stream-end', value = '', data = {} } = {}) {
  const at = new Date(NOW - ageMs).toISOString()
  const event = {
    event_id: crypto.randomUUID(),
    event_type: type,
    schema_version: 1,
    stream_name: 'live+regatta',
    occurred_at: at,
    source: 'helmsman',
    tenant_id,
    stream_id: newId('stream'),
    node_id: newId('node'),
    cluster_id: newId('cluster'),
    received_at: at,
    data: {
      ingress_bytes: 1,
      egress_bytes: 2,
      viewers: 3,
      inputs: 1,
      outputs: 0,
      viewer_seconds: 4,
      provenance: 'reported',
      ...data,
    },
  }
  const text = value || JSON.stringify(event)
  return { partition: 3, offset: next++, value: Buffer.from(text), headers: { event_type: type }, event }
}

test('each tenant gets its own events, in order, with their places in the log', async () => {
  const { calls, deps } = openDoor()
  const [a, b] = [newId('tenant'), newId('tenant')]
  const records = [record(a), record(b), record(a), record(null)]
  await feed(deps, records)
  const told = Object.fromEntries(calls.map(({ tenant_id, events }) => [tenant_id, events]))
  const [first, second, third] = records
  expect(told[a]?.map(({ event }) => event.event_id)).toEqual([first?.event.event_id, third?.event.event_id])
  expect(told[b]).toEqual([
    {
      partition: 3,
      offset: String(second?.offset),
      received_at: second?.event.received_at,
      event: {
        event_id: second?.event.event_id,
        event_type: 'stream-end',
        stream_id: second?.event.stream_id,
        node_id: second?.event.node_id,
        occurred_at: second?.event.occurred_at,
        data: second?.event.data,
      },
    },
  ])
})

test('what is no news, no event, or none that anybody is told of is passed over', async () => {
  const { calls, deps } = openDoor()
  const tenant = newId('tenant')
  const [old, edge] = [record(tenant, { ageMs: TOLD_WITHIN_MS + 1 }), record(tenant, { ageMs: TOLD_WITHIN_MS })]
  await feed(deps, [old, record(tenant, { value: '{' }), record(tenant, { type: 'host-heard' }), edge])
  expect(calls.flatMap(({ events }) => events.map(({ event }) => event.event_id))).toEqual([edge.event.event_id])
})

test('every type of event may be told', () => {
  expect(LiveEventType.options.toSorted()).toEqual(eventTypes.toSorted())
})

test('calls are cut by events and by size', async () => {
  const { calls, deps } = openDoor()
  const tenant = newId('tenant')
  await feed(
    deps,
    Array.from({ length: FEED_EVENTS_MAX + 1 }, () => record(tenant)),
  )
  expect(calls.map(({ events }) => events.length)).toEqual([FEED_EVENTS_MAX, 1])
  calls.length = 0
  const line = { at: new Date(NOW).toISOString(), level: 'INFO', text: 'y'.repeat(1_000) }
  const push = { action: 'end', push_id: 1, target: 'rtmp://x.example', status: null, log_tail: Array(10).fill(line) }
  const large = Array.from({ length: 300 }, () => pushRecord(tenant, push))
  await feed(deps, large)
  expect(calls.length).toBe(Math.ceil((300 * JSON.stringify(push).length) / CALL_CHARS_MAX))
  expect(calls.flatMap(({ events }) => events)).toHaveLength(300)
})

function pushRecord(tenant_id: string, data: object) {
  const made = record(tenant_id, { type: 'push-lifecycle' })
  return { ...made, value: Buffer.from(JSON.stringify({ ...made.event, data })) }
}

test('a hub that cannot be told has the batch come again, and the others are told meanwhile', async () => {
  const { calls, statuses, deps, most } = openDoor()
  const tenants = Array.from({ length: HUBS_AT_ONCE + 1 }, () => newId('tenant'))
  const records = tenants.map((tenant) => record(tenant))
  statuses.set(tenants[0] ?? '', 503)
  await expect(feed(deps, records)).rejects.toMatchObject({ retry: true })
  expect(calls).toHaveLength(HUBS_AT_ONCE - 1)
  expect(most()).toBe(HUBS_AT_ONCE)
  statuses.clear()
  await feed(deps, records)
  expect(new Set(calls.map(({ tenant_id }) => tenant_id)).size).toBe(tenants.length)
})

test('what a hub finds wrong in itself holds up nobody', async () => {
  const { calls, statuses, deps } = openDoor()
  const [bad, good] = [newId('tenant'), newId('tenant')]
  statuses.set(bad, 400)
  await feed(deps, [record(bad), record(good)])
  expect(calls.map(({ tenant_id }) => tenant_id)).toEqual([good])
})

test('two logs never share a place, whatever their partitions', async () => {
  const { calls, deps } = openDoor()
  const tenant = newId('tenant')
  const one = record(tenant)
  await feed(deps, [one])
  await feed({ ...deps, log_number: 2 }, [one])
  expect(calls.map(({ events }) => events[0]?.partition)).toEqual([3, 2 * LOG_PARTITIONS_MAX + 3])
  expect(LOG_PARTITIONS_MAX).toBeGreaterThan(TOPIC_PARTITIONS)
})
