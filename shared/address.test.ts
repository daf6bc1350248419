import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shortenAddress } from './address.ts'

test.each([
  ['192.0.2.77', '192.0.2.0'],
  ['::ffff:192.0.2.77', '192.0.2.0'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::'],
  ['2001:0DB8:0001::7', '2001:db8:1::'],
  ['2001:db8::7', '2001:db8::'],
  ['::1', '::'],
  ['viewer.example', ''],
  ['fe80::1%eth0', ''],
  ['300.1.1.1', ''],
  ['1.2.3', ''],
  ['', ''],
  [']', ''],
])('the network of %s is "%s"', (address, network) => {
  expect(shortenAddress(address)).toBe(network)
})

test('shortening again changes nothing, and no two networks meet', () => {
  const groups = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6(),
        groups.map((parts) => parts.map((part) => part.toString(16)).join(':')),
      ),
      (address) => {
        const network = shortenAddress(address)
        expect(shortenAddress(network)).toBe(network)
      },
    ),
  )
  fc.assert(
    fc.property(groups, groups, (a, b) => {
      const [left, right] = [a, b].map((parts) => shortenAddress(parts.map((part) => part.toString(16)).join(':')))
      expect(left === right).toBe(a.slice(0, 3).join() === b.slice(0, 3).join())
    }),
  )
})

test('any text is answered, with an address or with nothing', () => {
  fc.assert(fc.property(fc.string(), (text) => /^[0-9a-f:.]*$/.test(shortenAddress(text))))
})
