import { expect, test } from 'vitest'
import { Isolates } from './isolates.ts'
import { CROWD_HALF_LIFE_MS } from './limits.ts'

const MUCH = 300_000_000

test('an isolate that sends a third of the crowd takes its own charges for a third of all', () => {
  const isolates = new Isolates()
  isolates.count('one', 1, MUCH, 0)
  expect(isolates.crowd('one', 0)).toBe(1)
  isolates.count('two', 1, 2 * MUCH, 0)
  expect(isolates.crowd('one', 0)).toBeCloseTo(3, 1)
  expect(isolates.crowd('two', 0)).toBeCloseTo(1.5, 1)
})

test('who has sent nobody of late stands for nobody in particular', () => {
  const isolates = new Isolates()
  isolates.count('one', 1, 1_000_000, 0)
  expect(isolates.crowd('idle', 0)).toBeCloseTo(2)
  isolates.count('two', 1, 1_000_000, 60 * CROWD_HALF_LIFE_MS)
  expect(isolates.crowd('two', 60 * CROWD_HALF_LIFE_MS)).toBeCloseTo(1)
})
