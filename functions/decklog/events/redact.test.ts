import { expect, test } from 'vitest'
import { redact } from './redact.ts'

const SECRET = 'hunter2secret'

test.each([
  ['a stream key', `rtmp://ingest.example/live/sk_${'a1'.repeat(16)}`, 'rtmp://ingest.example/live/sk_***'],
  [
    'a user and password',
    `srt://me:${SECRET}@host.example:9000?mode=caller`,
    'srt://***@host.example:9000?mode=caller',
  ],
  ['a password that holds a colon', `rtmp://me:a:${SECRET}@host.example/x`, 'rtmp://***@host.example/x'],
  [
    'a token in a query',
    `https://a.example/hls/x/index.m3u8?tkn=${SECRET}&a=1`,
    'https://a.example/hls/x/index.m3u8?tkn=***&a=1',
  ],
  ['a signed token', `https://a.example/x?jwt=eyJhbGciOi.eyJzdWIi.${SECRET}`, 'https://a.example/x?jwt=***'],
  ['nothing', 'https://a.example/hls/live%2bx/index.m3u8?a=1#b', 'https://a.example/hls/live%2bx/index.m3u8?a=1#b'],
])('a URL with %s keeps the rest', (_, url, shown) => {
  const text = redact('stream-view', JSON.stringify({ request_url: url, note: 'a"b\\c' }))
  expect(JSON.parse(text)).toEqual({ request_url: shown, note: 'a"b\\c' })
})

test.each([
  [`rtmp://a.rtmp.example/live2/${SECRET}`, 'rtmp://a.rtmp.example/live2/***'],
  [`rtmps://a.example/app/${SECRET}?x=1`, 'rtmps://a.example/app/***?x=1'],
  [`srt://a.example:9000?streamid=${SECRET}&latency=120`, 'srt://a.example:9000?streamid=***&latency=120'],
  ['/var/mist/rec-$stream.mp4#duration=8', '/var/mist/rec-$stream.mp4#duration=8'],
])('the target %s of a push keeps no key, nor does the log that names it', (target, shown) => {
  const text = redact('push-lifecycle', JSON.stringify({ target, log_tail: [{ text: `connected to ${target}` }] }))
  expect(JSON.parse(text)).toEqual({ target: shown, log_tail: [{ text: `connected to ${shown}` }] })
})

test('redacting again changes nothing', () => {
  const once = redact('push-lifecycle', JSON.stringify({ target: `rtmp://me:${SECRET}@a.example/app/${SECRET}` }))
  expect(redact('push-lifecycle', once)).toBe(once)
  expect(once).not.toContain(SECRET)
})
