import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { mapAddresses, primaryAddress } from './addresses.ts'
import { type EventType, eventTypes, isEventType } from './catalogue.ts'
import { SentEvent, StoredEvent } from './envelope.ts'
import { eventsJsonSchema, eventsJsonSchemaFile } from './json-schema.ts'
import { TRACKS_MAX, URL_CHARS_MAX } from './limits.ts'

const ended: SentEvent<'stream-end'> = {
  event_id: '9b80dc39-b7a9-4b36-a098-0ef00b157cf0',
  event_type: 'stream-end',
  stream_name: 'live+regatta',
  occurred_at: '2026-11-24T00:36:20.559Z',
  source: 'helmsman',
  schema_version: 1,
  data: {
    ingress_bytes: 1095450,
    egress_bytes: 3724,
    viewers: 0,
    inputs: 1,
    outputs: 0,
    viewer_seconds: 0,
    provenance: 'reported',
  },
}

const stamp = {
  tenant_id: 'ten_1',
  stream_id: 'str_1',
  node_id: 'nod_1',
  cluster_id: 'clu_1',
  received_at: '2026-11-24T00:36:21.000Z',
}

test('the generated JSON Schemas are those of the schemas', async () => {
  expect(await readFile(eventsJsonSchemaFile, 'utf8')).toBe(eventsJsonSchema())
})

test('the catalogue holds the twelve event types of the design', () => {
  expect([...eventTypes].sort()).toEqual([
    'client-lifecycle',
    'load-balancing',
    'node-monitoring',
    'push-lifecycle',
    'recording-lifecycle',
    'stream-buffer',
    'stream-end',
    'stream-ingest',
    'stream-lifecycle',
    'stream-view',
    'track-list',
    'user-connection',
  ] satisfies EventType[])
  expect(isEventType('toString')).toBe(false)
})

test('an event passes as it was sent, and as it is stored', () => {
  expect(SentEvent.parse(ended)).toEqual(ended)
  expect(StoredEvent.parse({ ...ended, ...stamp })).toEqual({ ...ended, ...stamp })
  expect(StoredEvent.safeParse({ ...ended, ...stamp, tenant_id: null, stream_id: null }).success).toBe(true)
})

test('a sender cannot say whose event it is', () => {
  expect(SentEvent.safeParse({ ...ended, tenant_id: 'ten_other' }).success).toBe(false)
  expect(SentEvent.safeParse({ ...ended, node_id: 'nod_other' }).success).toBe(false)
})

test.each([
  ['another version', { ...ended, schema_version: 2 }],
  ['an unknown type', { ...ended, event_type: 'stream-sink' }],
  ['a local time', { ...ended, occurred_at: '2026-11-24T00:36:20.559+01:00' }],
  ['a time without milliseconds', { ...ended, occurred_at: '2026-11-24T00:36:20Z' }],
  ['an id that is no UUID', { ...ended, event_id: '1' }],
  ['a count that JSON cannot carry exactly', { ...ended, data: { ...ended.data, egress_bytes: 2 ** 53 } }],
  ['a negative count', { ...ended, data: { ...ended.data, egress_bytes: -1 } }],
  ['a field that the schema does not know', { ...ended, data: { ...ended.data, up: 1 } }],
  ['the data of another type', { ...ended, event_type: 'track-list' }],
])('an event with %s is refused', (_, event) => {
  expect(SentEvent.safeParse(event).success).toBe(false)
})

test('limits hold at their edge', () => {
  const view = (request_url: string) => ({
    ...ended,
    event_type: 'stream-view',
    data: {
      playback_id: null,
      protocol: 'HLS',
      viewer_host: '::1',
      request_url,
      outcome: 'allowed',
      reason_code: null,
    },
  })
  expect(SentEvent.safeParse(view('x'.repeat(URL_CHARS_MAX))).success).toBe(true)
  expect(SentEvent.safeParse(view('x'.repeat(URL_CHARS_MAX + 1))).success).toBe(false)

  const track = { track: 'a', kind: 'audio', codec: 'AAC', bitrate_bps: null, width: null, height: null, fps: null }
  const list = (length: number) => ({
    ...ended,
    event_type: 'track-list',
    data: { tracks: Array.from({ length }, () => ({ ...track, channels: 1, sample_rate_hz: 48000 })) },
  })
  expect(SentEvent.safeParse(list(TRACKS_MAX)).success).toBe(true)
  expect(SentEvent.safeParse(list(TRACKS_MAX + 1)).success).toBe(false)
})

test('every address of a viewer is found and replaced', () => {
  const data = {
    action: 'disconnect' as const,
    session_id: 'a',
    host: '192.0.2.7',
    connector: 'HLS',
    seconds: 1,
    egress_bytes: 1,
    ingress_bytes: 0,
    hosts: [{ host: '192.0.2.7', seconds: 1 }],
    connectors: [],
    streams: [],
    tags: [],
    provenance: 'reported' as const,
  }
  expect(primaryAddress('user-connection', data)).toBe('192.0.2.7')
  const shortened = mapAddresses('user-connection', data, () => '192.0.2.0')
  expect(JSON.stringify(shortened)).not.toContain('192.0.2.7')
  expect(shortened).toMatchObject({ host: '192.0.2.0', hosts: [{ host: '192.0.2.0', seconds: 1 }] })
})

test('an event without addresses is left as it is', () => {
  expect(primaryAddress('stream-end', ended.data)).toBeNull()
  expect(mapAddresses('stream-end', ended.data, () => 'x')).toBe(ended.data)
})
