import { describe, expect, test } from 'vitest'
import { eventTypes } from '../../../shared/events/catalogue.ts'
import { SentEvent } from '../../../shared/events/envelope.ts'
import { deny, type Verdict } from '../../control-plane/verdict.ts'
import { type Recording, readKinds, readSession } from '../../testing/recordings.ts'
import { readFiring } from '../firing.ts'
import { isTriggerName, parseTrigger } from '../triggers/trigger.ts'
import { toEvents } from './to-events.ts'

const now = new Date('2026-11-24T01:00:00.000Z')
const allowed: Verdict = { allowed: true, runtime_name: 'live+regatta', playback_id: 'pb_1' }

function eventsOf(call: Pick<Recording, 'trigger' | 'body'> & Partial<Recording>, verdict = allowed): SentEvent[] {
  if (!isTriggerName(call.trigger)) throw new TypeError(call.trigger)
  const headers = new Map(Object.entries(call.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]))
  const firing = readFiring(call.trigger, (name) => headers.get(name), call.body, { node_id: 'nod_1', now })
  return toEvents(parseTrigger(call.trigger, call.body), firing, verdict)
}

function onlyOf(events: SentEvent[]): SentEvent {
  const [event] = events
  if (event === undefined || events.length > 1) throw new TypeError(`${events.length} events, not one`)
  return event
}

const session = readSession()
const recorded = [...readKinds(), ...session]

test('every recorded call makes only events that their schema takes', () => {
  const events = recorded.flatMap((call) => eventsOf(call))
  for (const event of events) expect(SentEvent.parse(event)).toEqual(event)
  const made = new Set(events.map((event) => event.event_type))
  const fromElsewhere = ['client-lifecycle', 'node-monitoring', 'load-balancing'] as const
  expect([...made].sort()).toEqual(
    eventTypes.filter((type) => !fromElsewhere.some((other) => other === type)).toSorted(),
  )
})

test('a session makes one event for each fact in it', () => {
  const events = session.flatMap((call) => eventsOf(call))
  const count = (match: (event: SentEvent) => boolean) => events.filter(match).length
  expect(count((event) => event.event_type === 'stream-end')).toBe(8)
  expect(count((event) => event.event_type === 'stream-ingest' && event.data.action === 'end')).toBe(6)
  // Each of the 31 sessions that ended, also those that only looked at stream data.
  expect(count((event) => event.event_type === 'user-connection' && event.data.action === 'disconnect')).toBe(31)
})

test('ids tell firings apart, and not the attempts of one', () => {
  const idsOf = (calls: Recording[]) => calls.flatMap((call) => eventsOf(call)).map((event) => event.event_id)
  const first = idsOf(session.filter(({ headers }) => headers['X-Attempt'] === '1'))
  expect(new Set(first).size).toBe(first.length)
  const all = idsOf(session)
  expect(all.length).toBeGreaterThan(first.length)
  expect(new Set(all)).toEqual(new Set(first))
})

test('up is egress, and all parts of a session are kept', () => {
  const body = `tok\nlive+test\nCMAF,HLS\n192.0.2.7\n12\n7529\n910\n[UA:curl/7.88.1][vip]\n3\n1,2\n3\n${'a'.repeat(64)}`
  expect(onlyOf(eventsOf({ trigger: 'USER_END', body }))).toMatchObject({
    stream_name: 'live+test',
    data: {
      action: 'disconnect',
      connector: 'HLS',
      seconds: 12,
      egress_bytes: 7529,
      ingress_bytes: 910,
      connectors: [
        { name: 'CMAF', seconds: 1 },
        { name: 'HLS', seconds: 2 },
      ],
      tags: ['UA:curl/7.88.1', 'vip'],
    },
  })
})

test.each([
  ['a publisher’s session', `\nlive+a\nINPUT:RTMP\n::1\n9\n0\n9\n\n9\n9\n9\nI${'a'.repeat(64)}`],
  ['a push out', `\nlive+a\nOUTPUT:RTMP\n::1\n9\n9\n0\n\n9\n9\n9\nO${'a'.repeat(64)}`],
  ['another media host', `\nlive+a\nDTSC\n::1\n9\n9\n0\n\n9\n9\n9\n${'a'.repeat(64)}`],
])('the end of %s is no visitor’s', (_, body) => {
  expect(eventsOf({ trigger: 'USER_END', body })).toEqual([])
})

test.each([
  ['that only fetched pages', `1\nlive+a\n\n::1\n9\n9\n0\n\n9\n\n9\n${'a'.repeat(64)}`, 9],
  ['that names no stream', `hang1\n\n\n\n0\n0\n0\n\n\n\n\n${'a'.repeat(64)}`, 0],
])('a session %s is kept', (_, body, egress_bytes) => {
  expect(onlyOf(eventsOf({ trigger: 'USER_END', body }))).toMatchObject({ data: { connector: '', egress_bytes } })
})

describe('secrets', () => {
  const key = 'sk_0123456789abcdefghjkmnpqrs'

  test.each([
    ['rtmp', `rtmp://127.0.0.1:1935/live/${key}?token=hunter2`],
    ['srt', `srt://127.0.0.1/?streamid=${key}`],
    ['whip', `http://127.0.0.1:8080/webrtc/${key}`],
    ['a foreign key', 'rtmp://127.0.0.1:1935/live/hunter2'],
  ])('a publisher’s key stays out of the event: %s', (_, requestUrl) => {
    const body = `${requestUrl}\n192.0.2.9\n${key}`
    for (const verdict of [allowed, deny('unknown_key')]) {
      const event = onlyOf(eventsOf({ trigger: 'PUSH_REWRITE', body }, verdict))
      expect(JSON.stringify(event)).not.toMatch(/0123456789abc|hunter2/)
    }
  })

  test('a refused publish names no stream, an allowed one the stream and not the key', () => {
    const body = `rtmp://h/live/${key}\n192.0.2.9\n${key}`
    expect(onlyOf(eventsOf({ trigger: 'PUSH_REWRITE', body }, deny('unknown_key')))).toMatchObject({
      stream_name: '',
      data: { action: 'rejected', protocol: 'RTMP', reason_code: 'unknown_key' },
    })
    expect(onlyOf(eventsOf({ trigger: 'PUSH_REWRITE', body }))).toMatchObject({
      stream_name: 'live+regatta',
      data: { action: 'start' },
    })
  })

  test('a viewer who plays a stream key does not store it', () => {
    const body = `${key}\n::1\nHLS\nhttp://h/hls/${key}/index.m3u8?tkn=hunter2`
    const event = onlyOf(eventsOf({ trigger: 'PLAY_REWRITE', body }, deny('unknown_playback_id')))
    expect(JSON.stringify(event)).not.toMatch(/0123456789abc|hunter2/)
  })

  test('a push target’s credentials stay out of its log', () => {
    const target = 'rtmp://me:hunter2@live.example/app/top-secret?auth=abc123'
    const log = JSON.stringify([
      [1795480755, 'INFO', `to ${target}: stream: top-secret, abc123`, 'live+a', 1, 'a', 'b'],
    ])
    const event = onlyOf(eventsOf({ trigger: 'PUSH_END', body: `7\nlive+a\n${target}\n${target}\n${log}\n{}` }))
    expect(JSON.stringify(event)).not.toMatch(/hunter2|top-secret|abc123/)
    expect(event).toMatchObject({ data: { push_id: 7, target: 'rtmp://live.example/app/***?auth=***' } })
  })
})

test('bit rates are bits: kbits are 1024 of them, bps are bytes', () => {
  const buffer = readKinds().find(({ trigger }) => trigger === 'STREAM_BUFFER')
  const health = buffer && onlyOf(eventsOf(buffer))
  expect(health).toMatchObject({
    data: {
      tracks: [
        { kind: 'meta', keyframe_ms_min: null },
        { kind: 'video', bitrate_bps: 846 * 1024, fps: 25, keyframe_ms_max: 2000, width: 640 },
        { kind: 'audio', bitrate_bps: 94 * 1024, fps: null, sample_rate_hz: 48000 },
      ],
    },
  })
  const body = 'live+a\n{"video_H264_1":{"type":"video","codec":"H264","bps":100346,"efpks":25000}}\n'
  expect(onlyOf(eventsOf({ trigger: 'LIVE_TRACK_LIST', body }))).toMatchObject({
    data: { tracks: [{ bitrate_bps: 802768, fps: 25 }] },
  })
})

test('the bit rate of a track that has just appeared is not known', () => {
  const body = 'live+a\n{"video_H264_1":{"type":"video","codec":"H264","bps":0}}\n'
  expect(onlyOf(eventsOf({ trigger: 'LIVE_TRACK_LIST', body }))).toMatchObject({
    data: { tracks: [{ bitrate_bps: null }] },
  })
})

test('a recording that wrote nothing did not succeed', () => {
  const lines = ['live+a', '/r.mp4', 'MP4', '0', '0', '1795480562', '1795480562', '0', '18446744073709551615', '0']
  const body = `${[...lines, 'CLEAN_INTENDED_STOP', 'stopped', ''].join('\n')}\n`
  expect(onlyOf(eventsOf({ trigger: 'RECORDING_END', body }))).toMatchObject({
    data: { succeeded: false, first_ms: null, start: '2026-11-24T00:36:02.000Z' },
  })
})

test('texts that are too long are cut, not refused', () => {
  const long = '😀'.repeat(3000)
  const body = `${long}\n${long}\nHLS\nhttp://h/${long}`
  const event = onlyOf(eventsOf({ trigger: 'PLAY_REWRITE', body }))
  expect(SentEvent.safeParse(event).success).toBe(true)
})

test('a retry of a firing is the same event, and time is the source’s', () => {
  const call = readKinds().find(({ trigger }) => trigger === 'STREAM_END')
  if (call === undefined) throw new TypeError('not recorded')
  const retry = { ...call, headers: { ...call.headers, 'X-Attempt': '2', 'X-PID': '1' } }
  expect(eventsOf(retry)).toEqual(eventsOf(call))
  expect(onlyOf(eventsOf(call)).occurred_at).toBe('2026-11-24T00:38:31.313Z')
})

test('without a firing id the payload and its time make the event id', () => {
  const body = 'live+a\n1\n2\n3\n4\n5\n6'
  const at = (millis: string) =>
    onlyOf(eventsOf({ trigger: 'STREAM_END', body, headers: { 'X-Trigger-UnixMillis': millis } })).event_id
  expect(at('1795480711313')).toBe(at('1795480711313'))
  expect(at('1795480711314')).not.toBe(at('1795480711313'))
})
