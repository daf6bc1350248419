import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readQuotas } from './read-quotas.ts'

const backlog = (...sizes: number[]) =>
  sizes.map((size, partition) => ({ partition, from: 5n, until: 5n + BigInt(size) }))
const sizes = (quotas: ReturnType<typeof readQuotas>) =>
  Object.fromEntries(quotas.map(({ partition, from, until }) => [partition, Number(until - from)]))

test('partitions share a batch equally, and one that has less leaves the rest to the others', () => {
  expect(sizes(readQuotas(backlog(100, 100, 100), 30))).toEqual({ 0: 10, 1: 10, 2: 10 })
  expect(sizes(readQuotas(backlog(2, 0, 100), 30))).toEqual({ 0: 2, 2: 28 })
})

test('the partition that is furthest behind is read first', () => {
  expect(readQuotas(backlog(2, 100, 50), 60).map(({ partition }) => partition)).toEqual([1, 2, 0])
})

test('a batch is as full as the backlog allows, and never fuller', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 500 }), { maxLength: 20 }),
      fc.integer({ min: 1, max: 2_000 }),
      (counts, max) => {
        const quotas = readQuotas(backlog(...counts), max)
        const given = quotas.reduce((sum, { from, until }) => sum + Number(until - from), 0)
        const total = counts.reduce((a, b) => a + b, 0)
        expect(given).toBe(Math.min(max, total))
        for (const { partition, from, until } of quotas) {
          expect(from).toBe(5n)
          expect(until - from).toBeGreaterThan(0n)
          expect(Number(until - from)).toBeLessThanOrEqual(counts[partition] ?? 0)
        }
      },
    ),
  )
})
