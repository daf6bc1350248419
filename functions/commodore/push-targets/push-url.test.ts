import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Fault } from '../../../shared/fault.ts'
import { readPushUrl } from './push-url.ts'

const outcome = (text: string) => {
  try {
    return readPushUrl(text).redacted
  } catch (error) {
    return (error as Fault).reason
  }
}

test.each([
  ['rtmp://live.example.com/app/secret', 'rtmp://live.example.com/***'],
  ['RTMPS://live.example.com:443/app/secret', 'rtmps://live.example.com:443/***'],
  ['srt://live.example.com:9000?streamid=secret&passphrase=secret', 'srt://live.example.com:9000/***'],
  ['rtmp://8.8.8.8', 'rtmp://8.8.8.8'],
  ['rtmp://[2606:4700::1111]:1935/app/secret', 'rtmp://[2606:4700::1111]:1935/***'],
])('%s may be sent to, and is shown as %s', (text, shown) => {
  expect(outcome(text)).toBe(shown)
})

test.each([
  'rtmp://127.0.0.1/app/x',
  'rtmp://127.1/app/x',
  'rtmp://2130706433/app/x',
  'rtmp://0x7f000001/app/x',
  'rtmp://0177.0.0.1/app/x',
  'rtmp://localhost/app/x',
  'rtmp://localhost./app/x',
  'rtmp://metadata.google.internal/x',
  'rtmp://10.0.0.1/x',
  'srt://169.254.169.254:80?x',
  'srt://100.64.0.1:9000',
  'srt://224.0.0.1:9000',
  'srt://0.0.0.0:9000',
  'rtmp://[::1]/x',
  'rtmp://[::ffff:127.0.0.1]/x',
  'rtmp://[64:ff9b::a00:1]/x',
  'rtmp://[fd00::1]/x',
  'rtmp://intranet/x',
])('%s leads to no public address', (text) => {
  expect(outcome(text)).toBe('push_address_not_public')
})

test.each([
  '',
  'live.example.com/app',
  'http://live.example.com/app',
  'file:///etc/passwd',
  'rtmp:///app',
  'rtmp://user:pass@live.example.com/app',
  'rtmp://live.example.com@127.0.0.1/app',
  'rtmp://live.example.com:x@127.0.0.1/app',
  'rtmp://live.example.com\\@127.0.0.1/app',
  'rtmp://live.example.com:0/app',
  'rtmp://live.example.com:99999/app',
  'rtmp://live.example.com/a b',
  'rtmp://live.example.com/a\nb',
  'rtmp://%31%32%37.0.0.1/app',
  'rtmp://127。0。0。1/app',
  'exec:rtmp://live.example.com/app',
  'rtmp://live.example.com/app#m3u8=/etc/x',
  'rtmp://live.example.com/$hostname',
  'rtmp://$hostname/app',
])('%s is no address to send to', (text) => {
  expect(['invalid_input', 'push_address_not_public']).toContain(outcome(text))
})

test('whatever is taken shows nothing of what comes after the host', () => {
  const rest = fc.string({ unit: fc.constantFrom(...'abcXYZ019/?&=:@%._-'), minLength: 8, maxLength: 60 })
  fc.assert(
    fc.property(rest, (text) => {
      const shown = outcome(`rtmp://live.example.com/${text}`)
      expect(['invalid_input', 'rtmp://live.example.com/***']).toContain(shown)
    }),
  )
})
