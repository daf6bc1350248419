import { expect, test } from 'vitest'
import { redactPushUrl, redactTarget, redactText, redactViewUrl, secretsOf } from './redact.ts'

test.each([
  ['rtmp://127.0.0.1:1935/live/secret?token=abc', 'rtmp://127.0.0.1:1935/live/***?token=***'],
  ['srt://127.0.0.1/?streamid=secret&mode=caller', 'srt://127.0.0.1/?streamid=***&mode=***'],
  ['http://h:8080/webrtc/secret', 'http://h:8080/webrtc/***'],
  ['rtmp://user:secret@h/live/secret/', 'rtmp://h/live/***/'],
  ['rtmp://h/live/secret#secret', 'rtmp://h/live/***'],
  ['rtmp://h/live?secret', 'rtmp://h/***?***'],
  ['ts-tcp://127.0.0.1:9000', 'ts-tcp://127.0.0.1:9000'],
  ['http://h/live%2Fsecret', 'http://h/***'],
])('the publishing URL %s is kept as %s', (url, kept) => {
  expect(redactPushUrl(url)).toBe(kept)
})

test.each([
  ['http://h:8080/hls/pb_1/index.m3u8?tkn=secret&x', 'http://h:8080/hls/pb_1/index.m3u8?tkn=***&***'],
  ['http://secret@h/a', 'http://h/a'],
  ['/hls/pb_1/index.m3u8?jwt=secret', '/hls/pb_1/index.m3u8?jwt=***'],
  ['http://h/sk_secret/index.m3u8', 'http://h/sk_***/index.m3u8'],
  ['', ''],
])('the viewing URL %s is kept as %s', (url, kept) => {
  expect(redactViewUrl(url)).toBe(kept)
})

test('the path of a file is kept whole, a server’s is not', () => {
  expect(redactTarget('/var/mist/rec-$stream.mp4#duration=8')).toBe('/var/mist/rec-$stream.mp4#duration=8')
  expect(redactTarget('rtmp://live.example/app/secret')).toBe('rtmp://live.example/app/***')
})

test('a log line loses what its target holds, encoded or not', () => {
  const secrets = secretsOf('rtmp://me:pass%21word@live.example/app/top+secret?auth=abc123')
  const line = 'Push to live.example, stream: top%2bsecret (top+secret), pass!word, abc123, http://h/a?tkn=1'
  expect(redactText(line, secrets)).toBe('Push to live.example, stream: *** (***), ***, ***, http://h/a?tkn=***')
})

test('a target that is a file has no secrets', () => {
  expect(secretsOf('/var/mist/rec.mp4#duration=8')).toEqual([])
})
