import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyAddress, isPublicAddress } from './address-kind.ts'
import { classifyHost, mayBeReached } from './host.ts'

test.each([
  ['8.8.8.8', 'public'],
  ['2606:4700::1111', 'public'],
  ['0.0.0.0', 'unspecified'],
  ['0.1.2.3', 'unspecified'],
  ['::', 'unspecified'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['10.0.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['fd00::1', 'private'],
  ['fec0::1', 'private'],
  ['169.254.169.254', 'link_local'],
  ['fe80::1', 'link_local'],
  ['100.64.0.1', 'carrier_grade_nat'],
  ['100.128.0.1', 'public'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['198.18.0.1', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['2002:7f00:1::', 'reserved'],
  ['2001:0:7f00:1::', 'reserved'],
  ['::7f00:1', 'reserved'],
  ['::8.8.8.8', 'reserved'],
  ['0:0:0:0:0:0:8.8.8.8', 'reserved'],
  ['4000::1', 'reserved'],
  ['64:ff9b:1::7f00:1', 'reserved'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:a9fe:a9fe', 'link_local'],
  ['::ffff:8.8.8.8', 'public'],
  ['64:ff9b::10.0.0.1', 'private'],
  ['64:ff9b::808:808', 'public'],
  ['127.1', undefined],
  ['0x7f000001', undefined],
  ['[::1]', undefined],
  ['viewer.example', undefined],
  ['', undefined],
])('%s is %s', (address, kind) => {
  expect(classifyAddress(address)).toBe(kind)
})

/** Node's own matcher, fed with the ranges that IANA lists as not to be reached: written apart from ours. */
function special(): BlockList {
  const list = new BlockList()
  const v4 =
    '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3'
  for (const range of v4.split(' ')) list.addSubnet(range.split('/')[0] ?? '', Number(range.split('/')[1]), 'ipv4')
  return list
}

describe('for any address', () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
  const near = fc.constantFrom(
    '10',
    '100.64',
    '127',
    '169.254',
    '172.16',
    '172.31',
    '192.0.2',
    '192.168',
    '198.18',
    '224',
  )
  const v4 = fc.oneof(
    bytes.map((parts) => parts.join('.')),
    fc.tuple(near, bytes).map(([head, tail]) => [...head.split('.'), ...tail].slice(0, 4).join('.')),
  )
  const hex = (address: string) =>
    address
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')
      .replace(/(.{4})(.{4})/, '$1:$2')

  test('an IPv4 address is public exactly when it is in none of the special ranges', () => {
    const list = special()
    fc.assert(
      fc.property(v4, (address) => {
        expect(`${address} ${isPublicAddress(address)}`).toBe(`${address} ${!list.check(address, 'ipv4')}`)
      }),
    )
  })

  test('an IPv4 address hides in no form of IPv6', () => {
    fc.assert(
      fc.property(v4, (address) => {
        const kind = classifyAddress(address)
        for (const form of [`::ffff:${address}`, `::ffff:${hex(address)}`, `64:ff9b::${hex(address)}`]) {
          expect(classifyAddress(form)).toBe(kind)
          expect(classifyHost(`[${form}]`)).toBe(kind)
        }
        for (const form of [
          `2002:${hex(address)}::`,
          `::${hex(address)}`,
          `::${address}`,
          `::ffff:0:${hex(address)}`,
        ]) {
          expect(isPublicAddress(form)).toBe(false)
        }
      }),
    )
  })

  test('an IPv4 address hides in no way of writing its number', () => {
    fc.assert(
      fc.property(bytes, (parts) => {
        const kind = classifyAddress(parts.join('.'))
        const number = parts.reduce((sum, part) => sum * 256 + part, 0)
        const octal = parts.map((part) => `0${part.toString(8)}`).join('.')
        const short = `${parts[0]}.${number % 2 ** 24}`
        const wide = parts.join('。').replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
        for (const form of [String(number), `0x${number.toString(16)}`, octal, short, wide, `${parts.join('.')}.`]) {
          expect(`${form} ${classifyHost(form)}`).toBe(`${form} ${kind}`)
        }
      }),
    )
  })

  test('only what is given out of IPv6 can be public', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        if (!isPublicAddress(address)) return
        expect(new URL(`http://[${address}]`).hostname).toMatch(/^\[(?:[23][0-9a-f]{3}:|::ffff:|64:ff9b::)/)
      }),
    )
  })
})

test.each([
  ['live.example.com', 'name'],
  ['LIVE.Example.COM.', 'name'],
  ['münchen.example', 'name'],
  ['a_b.example', 'name'],
  ['localhost', 'internal_name'],
  ['LOCALHOST.', 'internal_name'],
  ['db.localhost', 'internal_name'],
  ['metadata.google.internal', 'internal_name'],
  ['metadata.google.internal.', 'internal_name'],
  ['printer.local', 'internal_name'],
  ['intranet', 'internal_name'],
  ['1.0.0.127.in-addr.arpa', 'internal_name'],
  ['[::1]', 'loopback'],
  ['[0:0:0:0:0:0:0:1]', 'loopback'],
  ['[2606:4700::1111]', 'public'],
  ['127.1', 'loopback'],
  ['0x7f.1', 'loopback'],
  ['017700000001', 'loopback'],
  ['%31%32%37.0.0.1', 'loopback'],
  ['256.1.1.1', 'invalid'],
  ['1.2.3.4.5', 'invalid'],
  ['a@127.0.0.1', 'invalid'],
  ['127.0.0.1:80', 'invalid'],
  ['::1', 'invalid'],
  ['[fe80::1%25eth0]', 'invalid'],
  ['a..b', 'invalid'],
  ['-.example', 'invalid'],
  ['exa mple.com', 'invalid'],
  ['host/../x', 'invalid'],
  ['host\\x.com', 'invalid'],
  ['', 'invalid'],
  [`${'a.'.repeat(130)}com`, 'invalid'],
])('the host %s is %s', (host, kind) => {
  expect(classifyHost(host)).toBe(kind)
  expect(mayBeReached(host)).toBe(kind === 'name' || kind === 'public')
})

test('any text is judged, and what may be reached is a name with dots or a public address', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      if (classifyHost(text) === 'name') expect(text.normalize('NFKC')).toMatch(/[.。]/)
    }),
  )
})
