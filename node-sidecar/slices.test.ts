import { expect, test } from 'vitest'
import { inSlices, SLICE } from './slices.ts'

test('a long list comes whole and in order, and others have their turn between its parts', async () => {
  const items = Array.from({ length: 2 * SLICE + 1 }, (_, i) => i)
  const seen: number[][] = []
  const turns: number[] = []
  const timer = setInterval(() => turns.push(seen.length))
  for await (const slice of inSlices(items)) seen.push(slice)
  clearInterval(timer)
  expect(seen.map(({ length }) => length)).toEqual([SLICE, SLICE, 1])
  expect(seen.flat()).toEqual(items)
  expect(turns).toEqual(expect.arrayContaining([1, 2]))
})

test('nothing is nothing', async () => {
  for await (const slice of inSlices([])) expect.unreachable(`${slice}`)
})
