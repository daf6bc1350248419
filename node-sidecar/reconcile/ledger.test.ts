import { expect, test } from 'vitest'
import { ECHO_MS, GRACE_MS, Ledger } from './ledger.ts'

const present = (...keys: string[]) => new Map(keys.map((key) => [key, key]))
const none = present()
const never = () => false

test('what is missing for longer than an end may take is lost, with its last figures', () => {
  const ledger = new Ledger<string>(never)
  expect(ledger.see(present('a', 'b'), 0)).toEqual([])
  expect(ledger.see(present('b'), 10_000)).toEqual([])
  expect(ledger.see(present('b'), 10_000 + GRACE_MS - 1)).toEqual([])
  expect(ledger.see(present('b'), 10_000 + GRACE_MS)).toEqual([['a', { since: 0, missed_since: 10_000, last: 'a' }]])
})

test('what has ended is not missing', () => {
  const ledger = new Ledger<string>(never)
  ledger.see(present('a'), 0)
  ledger.end('a', 5_000)
  expect(ledger.see(none, 10_000 + GRACE_MS)).toEqual([])
  expect(ledger.open.size).toBe(0)
})

test('the echo of an end in a later poll begins nothing, a return after it does', () => {
  const ledger = new Ledger<string>(never)
  ledger.see(present('a'), 0)
  ledger.end('a', 5_000)
  ledger.see(present('a'), 6_000)
  expect(ledger.open.size).toBe(0)
  ledger.see(present('a'), 5_000 + ECHO_MS)
  expect(ledger.open.get('a')).toEqual({ since: 5_000 + ECHO_MS, missed_since: null, last: 'a' })
})

test('what comes back in time was never gone', () => {
  const ledger = new Ledger<string>(never)
  ledger.see(present('a'), 0)
  ledger.see(none, 10_000)
  ledger.see(present('a'), 20_000)
  expect(ledger.see(none, 10_000 + GRACE_MS)).toEqual([])
})

test('a loss is told again until its end is', () => {
  const ledger = new Ledger<string>(never, [['a', { since: 0, missed_since: 0, last: 'a' }]])
  expect(ledger.see(none, GRACE_MS)).toHaveLength(1)
  expect(ledger.see(none, GRACE_MS)).toHaveLength(1)
  ledger.end('a', GRACE_MS)
  expect(ledger.see(none, GRACE_MS)).toEqual([])
})

test('what has begun anew under its key was lost, as it was last seen, until its end is told', () => {
  const ledger = new Ledger<number>((before, now) => now < before)
  ledger.see(new Map([['a', 900]]), 0)
  expect(ledger.see(new Map([['a', 1000]]), 10_000)).toEqual([])
  const lost = [['a', { since: 0, missed_since: null, last: 1000 }]]
  expect(ledger.see(new Map([['a', 10]]), 20_000)).toEqual(lost)
  expect(ledger.see(new Map([['a', 20]]), 30_000)).toEqual(lost)
  ledger.end('a', 30_000)
  expect(ledger.see(new Map([['a', 30]]), 30_000 + ECHO_MS)).toEqual([])
  expect(ledger.open.get('a')).toEqual({ since: 30_000 + ECHO_MS, missed_since: null, last: 30 })
})
