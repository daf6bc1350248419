import { expect, test } from 'vitest'
import { ATTEMPT_DELAYS_S, ATTEMPTS_MAX, delayAfter, JITTER } from './schedule.ts'

test('eight attempts take about 28 hours, whatever the jitter', () => {
  expect(ATTEMPTS_MAX).toBe(8)
  const hours = (random: () => number) =>
    ATTEMPT_DELAYS_S.reduce((sum, _, index) => sum + (delayAfter(index + 1, random) ?? 0), 0) / 3600
  expect(hours(() => 0.5)).toBeCloseTo(27.6, 1)
  expect(hours(() => 0)).toBeCloseTo(27.6 * (1 - JITTER), 1)
  expect(hours(() => 1)).toBeCloseTo(27.6 * (1 + JITTER), 1)
  expect(delayAfter(ATTEMPTS_MAX)).toBeUndefined()
})
