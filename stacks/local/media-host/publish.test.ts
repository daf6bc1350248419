import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startWired } from './testing.ts'

interface Recorded {
  trigger: string
  headers: Record<string, string>
  body: string
}

const recording = readFileSync(new URL('../replay/fixtures/session.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Recorded => JSON.parse(line))

/** The recorded life of one RTMP publisher: its connector, its buffer and the end of its statistics. */
const recordedLife = recording.filter(
  ({ headers, trigger, body }) =>
    trigger !== 'LIVE_BANDWIDTH' &&
    (['31884', '31886'].includes(headers['X-PID'] ?? '') ||
      (trigger === 'STREAM_END' && body.startsWith('live+short'))),
)

test('a publisher fires the recorded triggers, in the recorded order, with as many lines', async () => {
  await using host = await startWired()
  const publication = await host.publish({ stream_key: 'short', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  await expect.poll(() => host.handler.names()).toContain('STREAM_BUFFER')
  if (publication.accepted) publication.publisher.end({ code: 'CLEAN_INTENDED_STOP', text: 'received deleteStream' })
  await host.idle()

  const shape = (calls: { trigger: string; lines: string[] }[]) => calls.map((c) => `${c.trigger} ${c.lines.length}`)
  const recorded = recordedLife.map(({ trigger, body }) => ({ trigger, lines: body.split('\n') }))
  await expect.poll(() => shape(host.handler.received)).toEqual(shape(recorded))
})

test('every call carries the recorded headers', async () => {
  await using host = await startWired()
  await host.publish({ stream_key: 'short', protocol: 'rtmp', publisher_host: '127.0.0.1' })

  const recorded = Object.keys(recordedLife[0]?.headers ?? {}).map((name) => name.toLowerCase())
  const [first] = host.handler.received
  expect(Object.keys(first?.headers ?? {})).toEqual(expect.arrayContaining([...recorded, 'content-length', 'host']))
  expect(first?.headers.date).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/)
})

test('the stream has the name that PUSH_REWRITE answers, and a name is sanitized', async () => {
  await using host = await startWired({
    decide: ({ trigger }) => ({ body: trigger === 'PUSH_REWRITE' ? 'Live+CamelCase\n' : 'true' }),
    entry: { streams: [], default: '' },
  })
  const publication = await host.publish({ stream_key: 'a7', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  // The answer `true` to STREAM_SOURCE is a source that cannot be opened.
  expect(publication).toEqual({ accepted: false, reason: 'stream_failed' })
  expect(host.handler.received.find(({ trigger }) => trigger === 'STREAM_LOAD')?.lines).toEqual(['live+CamelCase', ''])
})

test.for([
  ['an empty answer', { body: '' }],
  ['the action deny', { headers: { 'X-Mist-Trigger-Action': 'deny' }, body: 'live+x' }],
] as const)('%s to PUSH_REWRITE refuses the publisher', async ([, answer]) => {
  await using host = await startWired({
    decide: ({ trigger }) => (trigger === 'PUSH_REWRITE' ? answer : { body: 'true' }),
  })
  const publication = await host.publish({ stream_key: 'a1', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  await host.idle()
  expect(publication).toEqual({ accepted: false, reason: 'push_rejected' })
  const names = ['CONN_OPEN', 'RTMP_PUSH_REWRITE', 'PUSH_REWRITE', 'CONN_CLOSE', 'OUTPUT_END']
  await expect.poll(() => host.handler.names()).toEqual(names)
})

test('a handler that fails opens the door to a stream named true, which does not exist', async () => {
  await using host = await startWired({
    decide: (call) => (call.trigger === 'PUSH_REWRITE' ? { status: 500 } : { body: 'true' }),
  })
  const publication = await host.publish({ stream_key: 'a5', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  expect(publication).toEqual({ accepted: false, reason: 'stream_failed' })
  const loaded = host.handler.received.find(({ trigger }) => trigger === 'DEFAULT_STREAM')
  expect(loaded?.lines.slice(0, 2)).toEqual(['', 'true'])
})

test('srt and whip publishers announce the key in their own kind of URL', async () => {
  await using host = await startWired()
  await host.publish({ stream_key: 'one', protocol: 'srt', publisher_host: '127.0.0.1' })
  await host.publish({ stream_key: 'two', protocol: 'whip', publisher_host: '127.0.0.1' })
  const rewrites = host.handler.received.filter(({ trigger }) => trigger === 'PUSH_REWRITE').map(({ lines }) => lines)
  expect(rewrites).toEqual([
    ['srt://127.0.0.1/?streamid=one', '::ffff:127.0.0.1', 'one'],
    [`${host.http_url}/webrtc/two`, '127.0.0.1', 'two'],
  ])
})

test('a second publisher of a stream on air is refused', async () => {
  await using host = await startWired()
  await host.publish({ stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  const second = await host.publish({ stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' })
  expect(second).toEqual({ accepted: false, reason: 'stream_busy' })
})

test('of two publishers who come at once for one stream, one gets it', async () => {
  await using host = await startWired()
  const request = { stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' } as const
  const both = await Promise.all([host.publish(request), host.publish(request)])
  expect(both.map(({ accepted }) => accepted).sort()).toEqual([false, true])
})

test('a publisher who is back before STREAM_END goes on in the same statistics', async () => {
  await using host = await startWired({ speed: 20 })
  const request = { stream_key: 'one', protocol: 'rtmp', publisher_host: '127.0.0.1' } as const
  const first = await host.publish(request)
  if (first.accepted) first.publisher.end({ code: 'CLEAN_INTENDED_STOP', text: 'received deleteStream' })
  await expect.poll(() => host.handler.names()).toContain('STREAM_UNLOAD')
  await host.publish(request)
  host.finish()
  await host.idle()
  const ends = () => host.handler.received.filter(({ trigger }) => trigger === 'STREAM_END')
  await expect.poll(ends).toHaveLength(1)
  expect(ends()[0]?.lines[4]).toBe('2')
})
