import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RETRY_DELAY_MAX_MS, RETRY_DELAY_MIN_MS, retryDelayMs } from './handle-batch.ts'

test('the back-off doubles up to its cap, and half of it is random', () => {
  expect(retryDelayMs(0, () => 1)).toBe(RETRY_DELAY_MIN_MS)
  expect(retryDelayMs(3, () => 1)).toBe(RETRY_DELAY_MIN_MS * 8)
  expect(retryDelayMs(3, () => 0)).toBe(RETRY_DELAY_MIN_MS * 4)
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), (attempt) => {
      const delay = retryDelayMs(attempt)
      expect(delay).toBeGreaterThanOrEqual(RETRY_DELAY_MIN_MS / 2)
      expect(delay).toBeLessThanOrEqual(RETRY_DELAY_MAX_MS)
    }),
  )
})
