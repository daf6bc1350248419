import { expect, test } from 'vitest'
import { callerAddressOf, readCallerAddress } from './caller-address.ts'

test('the last trusted proxy’s word counts, and nothing that the caller wrote before it', () => {
  expect(readCallerAddress('203.0.113.9', 1)).toBe('203.0.113.9')
  expect(readCallerAddress('10.0.0.1, 203.0.113.9', 1)).toBe('203.0.113.9')
  expect(readCallerAddress('10.0.0.1, 203.0.113.9, 192.0.2.1', 2)).toBe('203.0.113.9')
  expect(readCallerAddress('2001:db8::1', 1)).toBe('2001:db8::1')
  expect(readCallerAddress('::ffff:203.0.113.9', 1)).toBe('203.0.113.9')
})

test('without a trusted proxy, or a proper address, there is none', () => {
  expect(readCallerAddress('203.0.113.9', 0)).toBeUndefined()
  expect(readCallerAddress('203.0.113.9', 2)).toBeUndefined()
  expect(readCallerAddress(undefined, 1)).toBeUndefined()
  for (const text of ['', 'unknown', '203.0.113', '203.0.113.9:80', '2001:db8::1%eth0']) {
    expect(readCallerAddress(text, 1), text).toBeUndefined()
  }
})

test('each front is heard by its own header alone', () => {
  const headers: Record<string, string> = { 'cf-connecting-ip': '203.0.113.9', 'x-forwarded-for': '192.0.2.1' }
  const heard = (front: number | 'cloudflare') => callerAddressOf((name) => headers[name], front)
  expect([heard('cloudflare'), heard(1), heard(0)]).toEqual(['203.0.113.9', '192.0.2.1', undefined])
})
