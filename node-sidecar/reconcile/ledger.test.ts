import { describe, expect, test } from 'vitest'
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

describe('what begins anew under a key while the end of the one before is on its way to the disk', () => {
  const arriving = new Map([['a', 'end-1']])
  const show = (bytes: number) => new Map([['a', bytes]])
  const before = { since: START, missed: null, last: 1000 }

  /** The first was seen last with 1,000 bytes, the second by now with more. */
  function openBoth() {
    const ledger = new Ledger<number>((before, now) => now < before)
    ledger.see(show(1000), moment(0))
    expect(ledger.see(show(10), moment(10_000), arriving)).toEqual([])
    expect(ledger.see(show(2000), moment(20_000), arriving)).toEqual([])
    return ledger
  }

  test('goes on when that is there', () => {
    const ledger = openBoth()
    ledger.end('a', 21_000, 'end-1')
    expect(ledger.open.get('a')).toEqual({ since: START + 10_000, missed: null, last: 2000 })
    ledger.see(new Map(), moment(30_000))
    expect(ledger.see(new Map(), moment(30_000 + GRACE_MS))).toMatchObject([['a', { last: 2000 }]])
  })

  test('goes on when that never comes: the one before is lost', () => {
    const ledger = openBoth()
    expect(ledger.see(show(3000), moment(30_000))).toMatchObject([['a', before]])
    ledger.end('a', 30_000)
    expect(ledger.open.get('a')).toEqual({ since: START + 10_000, missed: null, last: 3000 })
  })

  test('ends by its own end, and the one before is missing still', () => {
    const ledger = openBoth()
    ledger.end('a', 21_000, 'end-2')
    ledger.see(show(2000), moment(22_000))
    expect(ledger.open.get('a')).toMatchObject(before)
    ledger.see(new Map(), moment(60_000))
    expect(ledger.see(new Map(), moment(60_000 + GRACE_MS))).toMatchObject([['a', { last: 1000 }]])
  })
})
