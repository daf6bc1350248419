import { expect, test } from 'vitest'
import { READING_TIMEOUT_MS, shareReading } from './reading.ts'

test('gauges of one scrape share a reading, and the next scrape reads anew', async () => {
  let reads = 0
  const read = shareReading(async () => ++reads)
  expect(await Promise.all([read(), read()])).toEqual([1, 1])
  expect(await read()).toBe(2)
})

test('what fails or is late reads as nothing, and is not asked twice at a time', async () => {
  const failing = shareReading(async () => {
    throw new Error('away')
  })
  expect(await failing()).toBeUndefined()
  let reads = 0
  const hanging = shareReading(() => {
    reads++
    return new Promise(() => undefined)
  }, 1)
  expect(await hanging()).toBeUndefined()
  expect(await hanging()).toBeUndefined()
  expect(reads).toBe(1)
  // Prometheus waits 10 s.
  expect(READING_TIMEOUT_MS).toBeLessThan(10_000)
})
