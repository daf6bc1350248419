import { expect, test } from 'vitest'
import { splitAt } from './split.ts'

const on = (time: string) => `2026-11-24T${time}.000Z`
const until = Date.parse(on('20:00:00'))

test('whole hours before the end of what is rolled up are of it, the rest is not', () => {
  expect(splitAt({ from: on('10:20:00'), to: on('23:10:00') }, until)).toEqual({
    rolled: { from: on('11:00:00'), to: on('20:00:00') },
    raw: [
      { from: on('10:20:00'), to: on('11:00:00') },
      { from: on('20:00:00'), to: on('23:10:00') },
    ],
  })
})

test('a range of whole hours that are rolled up needs no events', () => {
  const range = { from: on('10:00:00'), to: on('12:00:00') }
  expect(splitAt(range, until)).toEqual({ rolled: range, raw: [] })
})

test.each([
  ['within one hour', { from: on('10:20:00'), to: on('11:59:00') }, until],
  ['of a tenant of whom nothing is rolled up', { from: on('10:00:00'), to: on('12:00:00') }, 0],
  ['after all that is rolled up', { from: on('21:00:00'), to: on('23:00:00') }, until],
])('a range %s is read from events', (_, range, end) => {
  expect(splitAt(range, end)).toEqual({ rolled: undefined, raw: [range] })
})
