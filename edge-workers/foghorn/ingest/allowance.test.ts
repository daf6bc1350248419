import { expect, test } from 'vitest'
import { ALLOWANCE_ADDRESSES_MAX, ALLOWANCE_BURST, ALLOWANCE_REFILL_MS, createAllowance } from './allowance.ts'

function open() {
  let now_ms = 1_000_000
  const allowance = createAllowance(() => new Date(now_ms))
  return {
    take: (address = '192.0.2.1') => allowance.take(address),
    drain: (address = '192.0.2.1') => Array.from({ length: ALLOWANCE_BURST }, () => allowance.take(address)),
    pass: (ms: number) => {
      now_ms += ms
    },
  }
}

const granted = Array.from({ length: ALLOWANCE_BURST }, () => 0)

test('an address may ask so often at once, and then once a second', () => {
  const { take, drain, pass } = open()
  expect(drain()).toEqual(granted)
  expect(take()).toBe(1)
  pass(ALLOWANCE_REFILL_MS - 1)
  expect(take()).toBe(1)
  pass(1)
  expect([take(), take()]).toEqual([0, 1])
  pass(ALLOWANCE_BURST * ALLOWANCE_REFILL_MS)
  expect(drain()).toEqual(granted)
})

test('who is refused does not wait longer for having asked', () => {
  const { take, drain, pass } = open()
  drain()
  for (let attempt = 0; attempt < 100; attempt++) take()
  pass(ALLOWANCE_REFILL_MS)
  expect(take()).toBe(0)
})

test('addresses are counted apart, those of one IPv6 customer together', () => {
  const { take, drain } = open()
  drain()
  expect([take('192.0.2.2'), take('192.0.2.1')]).toEqual([0, 1])
  drain('2001:db8:1:1::1')
  expect([take('2001:db8:1:ffff::9'), take('2001:db8:2::1')]).toEqual([1, 0])
})

test('of too many addresses the one that was longest quiet starts anew', () => {
  const { take, drain } = open()
  drain()
  drain('192.0.2.2')
  for (let host = 0; host < ALLOWANCE_ADDRESSES_MAX - 1; host++)
    take(`10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`)
  expect(take('192.0.2.2')).toBe(1)
  expect(take('192.0.2.1')).toBe(0)
})
