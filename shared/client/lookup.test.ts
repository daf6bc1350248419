import { expect, test } from 'vitest'
import { Fault } from '../fault.ts'
import { createLookup, FOUND_MS, UNKNOWN_MS } from './lookup.ts'

function setUp() {
  let now = Date.parse('2026-11-24T00:00:00Z')
  const asked: string[][] = []
  const known = new Map([['a', { id: 'A' }]])
  let fault: Fault | undefined
  const lookup = createLookup<{ id: string }>({
    clock: () => new Date(now),
    keysMax: 2,
    fetch: async (keys) => {
      asked.push([...keys])
      if (fault) throw fault
      return new Map(keys.flatMap((key) => (known.has(key) ? [[key, { id: known.get(key)?.id ?? '' }]] : [])))
    },
  })
  return {
    lookup,
    asked,
    known,
    pass: (ms: number) => {
      now += ms
    },
    fail: (value: Fault | undefined) => {
      fault = value
    },
  }
}

test('a found key is asked for once, until its time is up', async () => {
  const { lookup, asked, pass } = setUp()
  expect(await lookup(['a', 'a'])).toEqual(new Map([['a', { id: 'A' }]]))
  pass(FOUND_MS)
  await lookup(['a'])
  expect(asked).toEqual([['a']])
  pass(1)
  await lookup(['a'])
  expect(asked).toEqual([['a'], ['a']])
})

test('an unknown key is asked for again after seconds, so that a new stream is soon known', async () => {
  const { lookup, asked, known, pass } = setUp()
  expect(await lookup(['b'])).toEqual(new Map())
  known.set('b', { id: 'B' })
  pass(UNKNOWN_MS)
  expect(await lookup(['b'])).toEqual(new Map())
  pass(1)
  expect(await lookup(['b'])).toEqual(new Map([['b', { id: 'B' }]]))
  expect(asked).toHaveLength(2)
})

test('many keys are asked for in calls of bounded size', async () => {
  const { lookup, asked } = setUp()
  await lookup(['a', 'b', 'c', 'd', 'e'])
  expect(asked).toEqual([['a', 'b'], ['c', 'd'], ['e']])
})

test('a call that fails leaves nothing behind', async () => {
  const { lookup, fail } = setUp()
  fail(new Fault('unavailable', 'commodore_unreachable', 'gone'))
  await expect(lookup(['a'])).rejects.toMatchObject({ reason: 'commodore_unreachable', retry: true })
  fail(undefined)
  expect((await lookup(['a'])).size).toBe(1)
})
