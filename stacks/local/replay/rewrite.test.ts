import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { findPublishers, streamsOf } from './publishers.ts'
import { type RecordedCall, readRecording } from './recording.ts'
import { rewriteBody } from './rewrite.ts'

const calls = await readRecording(fileURLToPath(new URL('./fixtures/session.jsonl', import.meta.url)))
const publishers = findPublishers(calls)
const substitutes = new Map(
  streamsOf(publishers).map((name, i) => [
    name,
    { runtime_name: `live+in${i}`, playback_id: `play${i}`, stream_key: `sk_${i}` },
  ]),
)

const rewrite = (call: RecordedCall) =>
  rewriteBody(call, substitutes, publishers.get(call.headers['X-PID'] ?? '')).split('\n')

const of = (trigger: string, text: string) => {
  const call = calls.find((each) => each.trigger === trigger && each.body.includes(text))
  if (call === undefined) throw new Error(`no ${trigger} with ${text}`)
  return rewrite(call)
}

test('publishers present the key of today where they presented theirs', () => {
  const keyed = (trigger: string, text: string) => of(trigger, text).filter((line) => line.includes('sk_'))
  const rtmp = 'rtmp://127.0.0.1:1935/live/sk_0?token=abc'
  expect(keyed('PUSH_REWRITE', 'token=abc')).toEqual([rtmp, 'sk_0'])
  expect(keyed('RTMP_PUSH_REWRITE', 'token=abc')).toEqual([rtmp])
  expect(of('STREAM_PUSH', 'secretkey-3')).toEqual(['live+in3', '127.0.0.1', 'RTMP', 'rtmp://127.0.0.1:1935/live/sk_3'])
  expect(keyed('PUSH_REWRITE', 'webrtc')).toEqual(['http://127.0.0.1:8080/webrtc/sk_7', 'sk_7'])
  expect(keyed('PUSH_REWRITE', 'live srt')).toEqual(['srt://127.0.0.1/?streamid=sk_8', 'sk_8'])
})

test('who was refused presents the same wrong key again', () => {
  const hang = ['rtmp://127.0.0.1:1935/live/live+hang', '127.0.0.1', 'live+hang']
  expect(of('PUSH_REWRITE', 'live+hang')).toEqual(hang)
})

test('viewers ask by playback id, and are reported by runtime name', () => {
  const asked = of('PLAY_REWRITE', 'hls/live%2btest/index.m3u8')
  expect(asked).toEqual(['play0', '127.0.0.1', 'HLS', 'http://127.0.0.1:8080/hls/play0/index.m3u8'])
  expect(of('USER_NEW', 'hls/live%2btest')[0]).toBe('live+in0')
  expect(of('USER_NEW', 'hls/live%2btest')[4]).toBe('http://127.0.0.1:8080/hls/live%2bin0/index.m3u8')
  expect(of('USER_END', 'viewer-one').slice(0, 3)).toEqual(['viewer-one', 'live+in0', 'HLS'])
})

test('a name that ends in a newline keeps it', () => {
  expect(of('STREAM_END', 'CamelCase')).toEqual(['live+in5', '', '115089', '3708', '0', '1', '0', '0'])
})

test('lists of streams, JSON and paths carry the new name; longer names and those without an owner stay', () => {
  const call = (body: string) => rewrite({ t_ms: 0, trigger: 'USER_END', headers: {}, body })
  expect(call('live+test,live+short')).toEqual(['live+in0,live+in1'])
  expect(call('["live+sp",1]')).toEqual(['["live+in6",1]'])
  expect(call('/x/rec-live+test-1.mp4')).toEqual(['/x/rec-live+in0-1.mp4'])
  expect(call('live+spare')).toEqual(['live+spare'])
  expect(call('x live+sp+')).toEqual(['x live+sp+'])
  expect(of('USER_END', 'dynvod')[1]).toBe('dynvod')
})

test('no recorded name of an owned stream is left anywhere but in what was refused', () => {
  const names = /live(?:\+|%2[bB])(?:test|short|copy|renamed|a4|CamelCase|sp|whip|srt)(?!\w)/
  const left = calls.filter((call) => names.test(rewrite(call).join('\n')))
  expect(left.map(({ trigger, body }) => `${trigger} ${body.split('\n').at(-1)}`)).toEqual(['PUSH_REWRITE live%2Bsrt'])
})
