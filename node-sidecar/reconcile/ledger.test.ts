import { expect, test } from 'vitest'
import { ECHO_MS, GRACE_MS, Ledger } from './ledger.ts'

const START = Date.parse('2026-11-24T01:00:00.000Z')
const present = (...keys: string[]) => new Map(keys.map((key) => [key, key]))
const none = present()
/** What the clock shows is told, the uptime decides. */
const moment = (up_ms: number) => ({ at: new Date(START + up_ms), up_ms })
const never = () => false

test('what is missing for longer than an end may take is lost, with its last figures', () => {
  const ledger = new Ledger<string>(never)
  expect(ledger.see(present('a', 'b'), moment(0))).toEqual([])
  expect(ledger.see(present('b'), moment(10_000))).toEqual([])
  expect(ledger.see(present('b'), moment(10_000 + GRACE_MS - 1))).toEqual([])
  expect(ledger.see(present('b'), moment(10_000 + GRACE_MS))).toEqual([
    ['a', { since: START, missed: { at_ms: START + 10_000, up_ms: 10_000 }, last: 'a' }],
  ])
})

test('what has ended is not missing', () => {
  const ledger = new Ledger<string>(never)
  ledger.see(present('a'), moment(0))
  ledger.end('a', 5_000)
  expect(ledger.see(none, moment(10_000 + GRACE_MS))).toEqual([])
  expect(ledger.open.size).toBe(0)
})

test('the echo of an end in a later poll begins nothing, a return after it does', () => {
  const ledger = new Ledger<string>(never)
  ledger.see(present('a'), moment(0))
  ledger.end('a', 5_000)
  ledger.see(present('a'), moment(6_000))
  expect(ledger.open.size).toBe(0)
  ledger.see(present('a'), moment(5_000 + ECHO_MS))
  expect(ledger.open.get('a')).toEqual({ since: START + 5_000 + ECHO_MS, missed: null, last: 'a' })
})

test('what comes back in time was never gone', () => {
  const ledger = new Ledger<string>(never)
  ledger.see(present('a'), moment(0))
  ledger.see(none, moment(10_000))
  ledger.see(present('a'), moment(20_000))
  expect(ledger.see(none, moment(10_000 + GRACE_MS))).toEqual([])
})

test('a loss is told again until its end is', () => {
  const ledger = new Ledger<string>(never, [['a', { since: START, missed: { at_ms: START, up_ms: 0 }, last: 'a' }]])
  expect(ledger.see(none, moment(GRACE_MS))).toHaveLength(1)
  expect(ledger.see(none, moment(GRACE_MS))).toHaveLength(1)
  ledger.end('a', GRACE_MS)
  expect(ledger.see(none, moment(GRACE_MS))).toEqual([])
})

test('what has begun anew under its key was lost, as it was last seen, until its end is told', () => {
  const ledger = new Ledger<number>((before, now) => now < before)
  ledger.see(new Map([['a', 900]]), moment(0))
  expect(ledger.see(new Map([['a', 1000]]), moment(10_000))).toEqual([])
  const lost = [['a', { since: START, missed: null, last: 1000 }]]
  expect(ledger.see(new Map([['a', 10]]), moment(20_000))).toEqual(lost)
  expect(ledger.see(new Map([['a', 20]]), moment(30_000))).toEqual(lost)
  ledger.end('a', 30_000)
  expect(ledger.see(new Map([['a', 30]]), moment(30_000 + ECHO_MS))).toEqual([])
  expect(ledger.open.get('a')).toEqual({ since: START + 30_000 + ECHO_MS, missed: null, last: 30 })
})
