import { expect, test } from 'vitest'
import { dtscOf, ingestTemplatesOf, templatesOf, toProtocol, toUrl } from './protocol.ts'
import { heartbeat } from './testing/hosts.ts'

test('outputs that play no named stream lead nowhere', () => {
  const outputs = {
    HLS: 'http://HOST/',
    CMAF: 'javascript:alert($)',
    RTMP: 'rtmp://HOST/play/$',
    Invented: 'http://HOST/$',
  }
  expect(templatesOf(outputs)).toEqual({ rtmp: 'rtmp://HOST/play/$' })
})

test('SRT gets the port that MistServer leaves out, and keeps one that is there', () => {
  expect(templatesOf({ TSSRT: 'srt://HOST/?streamid=$' }).srt).toBe('srt://HOST:8889/?streamid=$')
  expect(templatesOf({ TSSRT: 'srt://HOST?streamid=$' }).srt).toBe('srt://HOST:8889?streamid=$')
  expect(templatesOf({ TSSRT: 'srt://HOST:9000/?streamid=$' }).srt).toBe('srt://HOST:9000/?streamid=$')
  expect(templatesOf({ TSSRT: 'srt://[2001:db8::1]/?streamid=$' }).srt).toBe('srt://[2001:db8::1]:8889/?streamid=$')
  expect(templatesOf({ TSSRT: 'srt://srt.example:1/?streamid=$' }).srt).toBe('srt://srt.example:1/?streamid=$')
})

test('the replication port of a host is shown to no viewer', () => {
  expect(Object.values(templatesOf(heartbeat().outputs)).join()).not.toContain('dtsc:')
})

test('a name is put in as a name, whatever it holds', () => {
  expect(toUrl('http://HOST/hls/$/index.m3u8', 'e.example', "live+a/b?c$&$'", '')).toBe(
    "http://e.example/hls/live%2Ba%2Fb%3Fc%24%26%24'/index.m3u8",
  )
})

test('an IPv6 address keeps its brackets, and a public address of its own needs no host', () => {
  expect(toUrl('http://HOST:8080/$.ts', '[2001:db8::1]', 'id', '')).toBe('http://[2001:db8::1]:8080/id.ts')
  expect(toUrl('https://cdn.example/$.ts', 'edge.example', 'id', '')).toBe('https://cdn.example/id.ts')
})

test('what the viewer sent along joins a query that is there', () => {
  expect(toUrl('srt://HOST/?streamid=$', 'e.example', 'id', '?token=t')).toBe('srt://e.example/?streamid=id&token=t')
  expect(toUrl('http://HOST/$.ts', 'e.example', 'id', '?')).toBe('http://e.example/id.ts')
})

test('names of protocols that JavaScript objects have anyway are none', () => {
  for (const name of ['constructor', '__proto__', 'toString', '']) expect(toProtocol(name)).toBeUndefined()
})

test('publishers come in where the same outputs take streams, with their own ports', () => {
  const outputs = {
    RTMP: 'rtmp://HOST:1936/play/$',
    TSSRT: 'srt://HOST:8890/?streamid=$',
    WebRTC: 'wss://HOST:18203/webrtc/$',
    HLS: 'http://HOST/hls/$/index.m3u8',
  }
  expect(ingestTemplatesOf(outputs)).toEqual({
    rtmp: 'rtmp://HOST:1936/live/$',
    srt: 'srt://HOST:8890/?streamid=$',
    whip: 'https://HOST:18203/webrtc/$',
  })
  expect(ingestTemplatesOf({ RTMP: 'rtmp://HOST/', HLS: 'http://HOST/$' })).toEqual({})
})

test.each([
  ['dtsc://HOST/$', 'dtsc://edge.example:4200'],
  ['dtsc://HOST:4201/$', 'dtsc://edge.example:4201'],
  ['http://HOST/$', null],
  ['dtsc://HOST.evil.example/$', null],
  [undefined, null],
])('other hosts pull from %s at %s', (template, address) => {
  expect(dtscOf(template === undefined ? {} : { DTSC: template }, 'edge.example')).toBe(address)
})
