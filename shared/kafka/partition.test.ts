import fc from 'fast-check'
import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './partition.ts'

test.each([
  // Vectors of Apache Kafka's own UtilsTest.testMurmur2.
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('murmur2 of %s equals that of the Java client', (text, hash) => {
  expect(murmur2(Buffer.from(text))).toBe(hash)
})

test('a key always lands in the same partition, and in range', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 100 }), (key, count) => {
      const partition = partitionOf(key, count)
      expect(partition).toBeGreaterThanOrEqual(0)
      expect(partition).toBeLessThan(count)
      expect(partitionOf(key, count)).toBe(partition)
    }),
  )
})

test('keys spread over all partitions', () => {
  const seen = new Set(Array.from({ length: 200 }, (_, i) => partitionOf(`tenant:stream-${i}`, 12)))
  expect(seen.size).toBe(12)
})
