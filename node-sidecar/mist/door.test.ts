import { expect, test } from 'vitest'
import { VIEWER_TOKEN_LENGTH_MAX } from '../../shared/contract/playback.ts'
import { SentEvent } from '../../shared/events/envelope.ts'
import { FRESH_VERDICT_MS, RECOVERY_MS } from '../control-plane/gate.ts'
import { segmentPath } from '../journal/segment.ts'
import { ingestAllowed, playbackAllowed } from '../testing/control-plane.ts'
import { hangDisk } from '../testing/hang-disk.ts'
import { openDoor } from '../testing/open-door.ts'
import { readSession } from '../testing/recordings.ts'
import { RECORD_WAIT_MS } from './answer-trigger.ts'
import { TRIGGER_BYTES_MAX } from './http-door.ts'
import { checkLocal } from './local.ts'
import { triggerNames, triggers } from './triggers/trigger.ts'

const KEY = 'sk_0123456789abcdefghjkmnpqrs'
const push = (key = KEY) => `rtmp://127.0.0.1:1935/live/${key}\n192.0.2.9\n${key}`
const play = (stream = 'pb_regatta', query = '') =>
  `${stream}\n192.0.2.7\nHLS\nhttp://127.0.0.1:8080/hls/${stream}/index.m3u8${query}`
const user = (stream = 'live+regatta', connector = 'HLS', session = 'a'.repeat(64)) =>
  `${stream}\n192.0.2.7\ntok\n${connector}\nhttp://127.0.0.1:8080/hls/pb_regatta/index.m3u8\n${session}\nfalse`
const userEnd = `tok\nlive+regatta\nHLS\n192.0.2.7\n9\n8\n7\n\n9\n9\n9\n${'a'.repeat(64)}`

async function answerOf(response: Response) {
  const { status, headers } = response
  const reason = headers.get('x-mist-trigger-reason')
  return { status, action: headers.get('x-mist-trigger-action'), reason, body: await response.text() }
}

const denied = (reason: string) => ({ status: 200, action: 'deny', reason, body: '' })
const named = (body: string) => ({ status: 200, action: 'value', reason: null, body })

test('a publisher with a key gets the name of its stream, and the event is on the disk', async () => {
  const { fire, plane, events } = await openDoor()
  plane.ingest = ({ stream_key }) =>
    stream_key === KEY ? ingestAllowed('regatta') : { allowed: false, reason: 'unknown_key' }
  expect(await answerOf(await fire('PUSH_REWRITE', push(), { 'x-pid': '42' }))).toEqual(named('live+regatta'))
  expect(plane.asked).toEqual([
    {
      path: '/ingest/authorize',
      body: { stream_key: KEY, protocol: 'RTMP', publisher_host: '192.0.2.9' },
      authorization: 'Bearer node.token.here',
    },
  ])
  expect(await events()).toMatchObject([
    { event_type: 'stream-ingest', stream_name: 'live+regatta', data: { action: 'start', connector_pid: 42 } },
  ])
})

test('a publisher without a key is denied with the reason, and nothing repeats what it sent', async () => {
  const { fire, events, lines } = await openDoor()
  expect(await answerOf(await fire('PUSH_REWRITE', push()))).toEqual(denied('unknown_key'))
  expect(await events()).toMatchObject([{ stream_name: '', data: { action: 'rejected', reason_code: 'unknown_key' } }])
  expect(lines.join('')).toContain('unknown_key')
  expect(lines.join('') + JSON.stringify(await events())).not.toContain('0123456789abc')
})

test('a viewer is sent to the stream of a playback id, by id or by runtime name', async () => {
  const { fire, plane } = await openDoor()
  plane.playback = () => playbackAllowed('regatta')
  expect(await answerOf(await fire('PLAY_REWRITE', play('pb_regatta', '?tkn=1&token=secret')))).toEqual(
    named('live+regatta'),
  )
  expect(await answerOf(await fire('PLAY_REWRITE', play('live+other')))).toEqual(named('live+regatta'))
  expect(plane.asked.map(({ body }) => body)).toEqual([
    { playback_id: 'pb_regatta', viewer_host: '192.0.2.7', protocol: 'HLS', token: 'secret' },
    { runtime_name: 'live+other', viewer_host: '192.0.2.7', protocol: 'HLS' },
  ])
})

test('a viewer’s token comes as MistServer’s token of the session, and a verdict on it serves nobody else', async () => {
  const { fire, plane } = await openDoor()
  plane.playback = ({ token }) =>
    token === 'aa.bb.cc' ? playbackAllowed('regatta') : { allowed: false, reason: 'token_required' }
  const name = 'live+regatta'
  expect(await answerOf(await fire('PLAY_REWRITE', play(name, '?tkn=aa.bb.cc')))).toEqual(named(name))
  expect(await answerOf(await fire('PLAY_REWRITE', play(name, '?tkn=aa.bb.cc')))).toEqual(named(name))
  expect(plane.asked).toHaveLength(1)
  for (const query of ['', '?tkn=2772967471', '?tkn=dd.ee.ff', '?token=aa.bb.c']) {
    expect(await answerOf(await fire('PLAY_REWRITE', play(name, query))), query).toEqual(denied('token_required'))
  }
  const tooLong = `?tkn=aa.bb.${'c'.repeat(VIEWER_TOKEN_LENGTH_MAX)}`
  expect(await answerOf(await fire('PLAY_REWRITE', play(name, tooLong)))).toEqual(denied('token_malformed'))
})

test('a permission ends with the token, even while the control plane is away', async () => {
  const opened = await openDoor()
  const { fire, plane } = opened
  const until = opened.now.getTime() + FRESH_VERDICT_MS / 2
  plane.playback = () => ({ ...playbackAllowed('regatta'), viewer_until: new Date(until).toISOString() })
  const watch = async () => answerOf(await fire('PLAY_REWRITE', play('live+regatta', '?tkn=aa.bb.cc')))
  expect(await watch()).toEqual(named('live+regatta'))
  plane.failing = 500
  opened.now = new Date(until - 1)
  expect(await watch()).toEqual(named('live+regatta'))
  opened.now = new Date(until + 1)
  expect(await watch()).toEqual(denied('control_plane_unavailable'))
})

test('a viewer of nothing is denied', async () => {
  const { fire, events } = await openDoor()
  expect(await answerOf(await fire('PLAY_REWRITE', play()))).toEqual(denied('unknown_playback_id'))
  expect(await events()).toMatchObject([{ event_type: 'stream-view', data: { outcome: 'denied' } }])
})

test('a refusal that MistServer asks about again without a name makes one event', async () => {
  const { fire, events } = await openDoor()
  await fire('PLAY_REWRITE', play())
  expect(await answerOf(await fire('PLAY_REWRITE', play('')))).toEqual(denied('unknown_playback_id'))
  expect(await events()).toHaveLength(1)
})

test('a playback id of a protocol that does not ask PLAY_REWRITE leads to its stream all the same', async () => {
  const { fire, plane, events } = await openDoor()
  const opening = (name: string) => `fallback\n${name}\n::ffff:192.0.2.7\nTSSRT\n`
  expect(await answerOf(await fire('DEFAULT_STREAM', opening('pb_regatta')))).toEqual(named('fallback'))
  plane.playback = () => playbackAllowed('regatta')
  expect(await answerOf(await fire('DEFAULT_STREAM', opening('pb_regatta')))).toEqual(named('live+regatta'))
  expect(await events()).toMatchObject([
    { event_type: 'stream-view', stream_name: 'live+regatta', data: { protocol: 'TSSRT', outcome: 'allowed' } },
  ])
})

test('a stream of ours that could not be opened is offline, and nobody is asked', async () => {
  const { fire, plane } = await openDoor()
  expect(await answerOf(await fire('DEFAULT_STREAM', '\nlive+regatta\n192.0.2.7\nHLS\n'))).toEqual(named(''))
  expect(plane.asked).toEqual([])
})

test('a viewer’s session begins when its stream has an owner, and not else', async () => {
  const { fire, plane, events } = await openDoor()
  expect(await answerOf(await fire('USER_NEW', user()))).toEqual(denied('unknown_playback_id'))
  plane.playback = () => playbackAllowed('regatta')
  expect(await answerOf(await fire('USER_NEW', user()))).toEqual(named('true'))
  expect((await events()).map(({ data }) => data)).toMatchObject([{ action: 'denied' }, { action: 'connect' }])
})

test.each([
  ['INPUT:RTMP', `I${'a'.repeat(64)}`],
  ['OUTPUT:RTMP', `O${'a'.repeat(64)}`],
])('a session of %s is MistServer’s own and asks nobody', async (connector, session) => {
  const { fire, plane, events } = await openDoor()
  expect(await answerOf(await fire('USER_NEW', user('live+regatta', connector, session)))).toEqual(named('true'))
  expect(plane.asked).toEqual([])
  expect(await events()).toEqual([])
})

test('a page’s session is asked about, as a viewer plays in it later, but it is no viewer', async () => {
  const { fire, events } = await openDoor()
  expect(await answerOf(await fire('USER_NEW', user('live+regatta', 'HTTP')))).toEqual(denied('unknown_playback_id'))
  expect(await events()).toEqual([])
})

test('a source is used for a stream with an owner; the publisher’s own is known without asking', async () => {
  const { fire, plane } = await openDoor()
  expect(await answerOf(await fire('STREAM_SOURCE', 'live+regatta'))).toMatchObject({ action: 'offline', body: '' })
  plane.ingest = () => ingestAllowed('regatta')
  await fire('PUSH_REWRITE', push())
  const before = plane.asked.length
  expect(await answerOf(await fire('STREAM_SOURCE', 'live+regatta'))).toMatchObject({ action: 'use-configured' })
  expect(plane.asked).toHaveLength(before)
})

test('a stream that is not published here is asked for at our own door, until its publisher comes', async () => {
  const { fire, plane } = await openDoor()
  plane.playback = () => playbackAllowed('regatta')
  plane.ingest = () => ingestAllowed('regatta')
  const source = async () => answerOf(await fire('STREAM_SOURCE', 'live+regatta'))
  const balanced = named('balance:http://127.0.0.1:18007/source')
  expect(await source()).toEqual(balanced)
  await fire('PUSH_REWRITE', push(), { 'x-pid': '42' })
  expect(await source()).toMatchObject({ action: 'use-configured' })
  await fire('PUSH_INPUT_CLOSE', 'live+regatta\n192.0.2.9\nRTMP\n42\nCLEAN_REMOTE_CLOSE\nclosed\n[]')
  expect(await source()).toEqual(balanced)
})

test('a stream that wants a viewer’s token is pulled by other media hosts, and by nobody else', async () => {
  const { fire, plane } = await openDoor({ isMediaHost: (address) => address === '192.0.2.8' })
  plane.playback = ({ purpose }) =>
    purpose === 'source' ? playbackAllowed('regatta') : { allowed: false, reason: 'token_required' }
  const pull = async (host: string, connector: string) =>
    answerOf(await fire('PLAY_REWRITE', `live+regatta\n${host}\n${connector}\ndtsc://127.0.0.1/live+regatta`))
  expect(await pull('192.0.2.7', 'DTSC')).toEqual(denied('token_required'))
  expect(await pull('192.0.2.8', 'HLS')).toEqual(denied('token_required'))
  expect(await pull('192.0.2.8', 'DTSC')).toEqual(named('live+regatta'))
})

test('retries of one firing share one decision and one event', async () => {
  const { fire, plane, events } = await openDoor()
  const answer = Promise.withResolvers<ReturnType<typeof ingestAllowed>>()
  plane.ingest = () => answer.promise
  const uuid = { 'x-trigger-uuid': '89602755-d525-4295-906c-1df00b1522f0' }
  const attempts = [1, 2, 3].map((attempt) => fire('PUSH_REWRITE', push(), { ...uuid, 'x-attempt': String(attempt) }))
  answer.resolve(ingestAllowed('regatta'))
  for (const attempt of await Promise.all(attempts)) expect(await answerOf(attempt)).toEqual(named('live+regatta'))
  expect(await answerOf(await fire('PUSH_REWRITE', push(), uuid))).toEqual(named('live+regatta'))
  expect(plane.asked).toHaveLength(1)
  expect(await events()).toHaveLength(1)
})

test('without the control plane no publisher gets in', async () => {
  const { fire, plane } = await openDoor()
  plane.ingest = () => ingestAllowed('regatta')
  await fire('PUSH_REWRITE', push())
  for (const failing of [500, 401] as const) {
    plane.failing = failing
    expect(await answerOf(await fire('PUSH_REWRITE', push()))).toEqual(denied('control_plane_unavailable'))
  }
})

test('without the control plane a stream that was just playable stays so, for a while', async () => {
  const opened = await openDoor()
  const { fire, plane } = opened
  plane.playback = () => playbackAllowed('regatta')
  await fire('PLAY_REWRITE', play())
  plane.failing = 500
  const other = (stream: string) => play(stream).replace('192.0.2.7', '192.0.2.8')
  expect(await answerOf(await fire('PLAY_REWRITE', other('pb_regatta')))).toEqual(named('live+regatta'))
  expect(await answerOf(await fire('USER_NEW', user().replace('192.0.2.7', '192.0.2.8')))).toEqual(named('true'))
  expect(await answerOf(await fire('PLAY_REWRITE', play('pb_unseen')))).toEqual(denied('control_plane_unavailable'))
  const elsewhere = play('pb_regatta', '?token=other')
  expect(await answerOf(await fire('PLAY_REWRITE', elsewhere))).toEqual(denied('control_plane_unavailable'))
  opened.now = new Date(opened.now.getTime() + RECOVERY_MS + 1)
  expect(await answerOf(await fire('PLAY_REWRITE', other('pb_regatta')))).toEqual(denied('control_plane_unavailable'))
})

test('a refusal is never kept', async () => {
  const { fire, plane } = await openDoor()
  expect(await answerOf(await fire('PLAY_REWRITE', play()))).toMatchObject({ action: 'deny' })
  plane.playback = () => playbackAllowed('regatta')
  expect(await answerOf(await fire('PLAY_REWRITE', play()))).toEqual(named('live+regatta'))
})

test('a permission that was taken back ends within seconds', async () => {
  const opened = await openDoor()
  const { fire, plane } = opened
  plane.playback = () => playbackAllowed('regatta')
  await fire('PLAY_REWRITE', play())
  plane.playback = () => ({ allowed: false, reason: 'stream_disabled' })
  opened.now = new Date(opened.now.getTime() + 5_001)
  expect(await answerOf(await fire('PLAY_REWRITE', play()))).toEqual(denied('stream_disabled'))
})

test('a decision that is late is a refusal, in time for MistServer', async () => {
  const { fire, plane } = await openDoor({ decisionTimeoutMs: 50 })
  const never = Promise.withResolvers<never>()
  plane.ingest = () => never.promise
  expect(await answerOf(await fire('PUSH_REWRITE', push()))).toEqual(denied('control_plane_unavailable'))
})

test('what cannot be read is denied where a decision is ours', async () => {
  const { fire, plane } = await openDoor()
  expect(await answerOf(await fire('PUSH_REWRITE', 'rtmp://h/live/x'))).toEqual(denied('trigger_lines'))
  expect(await answerOf(await fire('PLAY_REWRITE', Uint8Array.of(0xff, 10, 10, 10)))).toEqual(denied('trigger_utf8'))
  expect(await answerOf(await fire('USER_NEW', 'live+a'))).toEqual(denied('trigger_lines'))
  expect(await answerOf(await fire('STREAM_SOURCE', 'live+a\nlive+b'))).toMatchObject({ action: 'offline' })
  expect(plane.asked).toEqual([])
})

test('a key that is too long is unknown without asking', async () => {
  const { fire, plane } = await openDoor()
  expect(await answerOf(await fire('PUSH_REWRITE', push('x'.repeat(257))))).toEqual(denied('unknown_key'))
  expect(plane.asked).toEqual([])
})

test('a payload beyond the limit is refused with 413', async () => {
  const { fire } = await openDoor()
  const largest = 'x'.repeat(TRIGGER_BYTES_MAX)
  expect((await fire('SYSTEM_STOP', largest)).status).toBe(200)
  expect((await fire('SYSTEM_STOP', `${largest}x`)).status).toBe(413)
})

test('the header names the trigger, and an unknown one is 404', async () => {
  const { fire } = await openDoor()
  const response = await fire('PUSH_REWRITE', 'live+a\n1\n2\n3\n4\n5\n6', { 'x-trigger': 'STREAM_END' })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-mist-trigger-action')).toBeNull()
  expect((await fire('NO_SUCH', '')).status).toBe(404)
  expect((await fire('constructor', '')).status).toBe(404)
})

test('a fact is on the disk before it is answered', async () => {
  const { fire, events } = await openDoor()
  expect((await fire('USER_END', userEnd)).status).toBe(200)
  expect(await events()).toMatchObject([{ event_type: 'user-connection', data: { egress_bytes: 8 } }])
})

test('a fact that cannot be journalled is not taken', async () => {
  const { fire } = await openDoor({ journalBytesMax: 1 })
  expect((await fire('USER_END', userEnd)).status).toBe(200)
  expect((await fire('USER_END', userEnd)).status).toBe(503)
})

test('a decision stands though the journal is full', async () => {
  const { fire, plane } = await openDoor({ journalBytesMax: 1 })
  plane.ingest = () => ingestAllowed('regatta')
  await fire('USER_END', userEnd)
  expect(await answerOf(await fire('PUSH_REWRITE', push()))).toEqual(named('live+regatta'))
})

test('a decision does not wait for a disk that hangs', async () => {
  const { fire, plane, journalFolder } = await openDoor()
  plane.ingest = () => ingestAllowed('regatta')
  await using _ = await hangDisk(segmentPath(journalFolder, 0))
  const started = performance.now()
  expect(await answerOf(await fire('PUSH_REWRITE', push()))).toEqual(named('live+regatta'))
  expect(performance.now() - started).toBeGreaterThanOrEqual(RECORD_WAIT_MS - 1)
})

test('a viewer cannot hide by a broken text: the fact counts', async () => {
  const { fire, events } = await openDoor()
  const [before = '', after = ''] = userEnd.split('\n\n')
  const body = Buffer.concat([Buffer.from(`${before}\n[UA:`), Uint8Array.of(0xff), Buffer.from(`]\n${after}`)])
  expect((await fire('USER_END', body)).status).toBe(200)
  expect(await events()).toMatchObject([{ data: { action: 'disconnect', tags: ['UA:\ufffd'] } }])
})

test('a fact that cannot be read is kept as a dead letter', async () => {
  const { fire, deadLetters } = await openDoor()
  expect((await fire('STREAM_END', `live+a\n${KEY}`)).status).toBe(400)
  expect((await fire('PUSH_END', 'rtmp://me:hunter2@h/a')).status).toBe(400)
  const letters = await deadLetters.list()
  expect(letters).toMatchObject([
    { kind: 'trigger', name: 'PUSH_END', content: null },
    { kind: 'trigger', name: 'STREAM_END', reason: 'trigger_lines', content: 'live+a\nsk_***' },
  ])
})

test.each([
  ['a proxy on this machine', { 'x-forwarded-for': '192.0.2.1' }],
  ['a page in a browser', { origin: 'http://evil.example' }],
])('a trigger from %s is refused', async (_, headers) => {
  const { fire, events } = await openDoor()
  expect((await fire('USER_END', userEnd, headers)).status).toBe(403)
  expect(await events()).toEqual([])
})

test.each([
  ['192.0.2.1', false],
  ['::ffff:192.0.2.1', false],
  [undefined, false],
  ['127.0.0.1', true],
  ['::ffff:127.8.0.1', true],
  ['::1', true],
])('of this machine is who calls from %s: %j', (peer, local) => {
  const check = () => checkLocal(peer, () => undefined)
  if (local) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ kind: 'forbidden', reason: 'not_local' }))
})

test('a trigger from another machine is taken where that is allowed', async () => {
  const { fire } = await openDoor({ allowRemote: true })
  expect((await fire('USER_END', userEnd, { 'x-forwarded-for': '192.0.2.1' })).status).toBe(200)
})

test('triggers that nobody decides get the answer that changes nothing', async () => {
  const { fire } = await openDoor()
  const answers: Record<string, string> = {}
  const session = readSession()
  for (const name of triggerNames.filter((each) => triggers[each].blocking)) {
    const call = session.find(({ trigger }) => trigger === name)
    if (call === undefined) continue
    const { action, body } = await answerOf(await fire(name, call.body))
    answers[name] = `${action} ${body}`.trim()
  }
  expect(answers).toMatchObject({
    SYSTEM_START: 'value true',
    STREAM_LOAD: 'value true',
    STREAM_READY: 'value true',
    STREAM_UNLOAD: 'value true',
    STREAM_PUSH: 'value true',
    CONN_OPEN: 'value true',
    CONN_PLAY: 'value true',
    STREAM_PROCESS: 'keep',
    PUSH_OUT_START: 'keep',
    RTMP_PUSH_REWRITE: 'value rtmp://127.0.0.1:1935/live/live+test?token=abc',
    DEFAULT_STREAM: 'value',
  })
})

test('a recorded session plays through the door into valid events', async () => {
  const { fire, plane, events } = await openDoor()
  plane.ingest = () => ingestAllowed('test')
  plane.playback = () => playbackAllowed('test')
  for (const { trigger, body, headers } of readSession()) {
    expect((await fire(trigger, body, headers)).status).toBe(200)
  }
  const journalled = await events()
  expect(journalled.length).toBeGreaterThan(150)
  for (const event of journalled) expect(SentEvent.safeParse(event).error).toBeUndefined()
})
